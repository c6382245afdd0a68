//! Start-up and shutdown: builds the engines, hands them to the application, opens the doors. The only place that
//! knows all of them.

use crate::configuration::Configuration;
use crate::doors::{api, console, dav, dict, edge, scim, smtp, sso};
use crate::privileges;
use anyhow::Context;
use metrics_exporter_prometheus::{PrometheusBuilder, PrometheusHandle};
use relais_app::{Clock, Ids, Parts, Relais, Store, schema};
use relais_engines::collections::Collections;
use relais_engines::dns::Dns;
use relais_engines::dovecot::{self, Dovecot, FailureDelay, RunAs};
use relais_engines::identity_provider::IdentityProviders;
use relais_engines::ldap::Ldap;
use relais_engines::maildir::Maildirs;
use relais_engines::message::PersonalMarks;
use relais_engines::outside::Reach;
use relais_engines::radicale::{self, Homes, Radicale};
use relais_engines::scim_server::ScimServers;
use relais_engines::smtp::{Patience, Smarthost};
use relais_engines::spool::SpoolFiles;
use relais_engines::webhook::Webhooks;
use std::io::Write;
use std::os::unix::fs::PermissionsExt;
use std::path::{Path, PathBuf};
use std::sync::Arc;
use std::time::Duration;
use tokio::net::{TcpListener, UnixListener};
use tokio::signal::unix::{SignalKind, signal};
use tokio::sync::watch;
use tokio::task::JoinHandle;

#[derive(Debug, clap::Args)]
pub struct ServeArguments {
    /// The database instead of SQLite in the data directory: postgres://user@host/name
    #[arg(long, value_name = "URL")]
    pub database: Option<String>,
    /// The configuration instead of DIR/relais.toml
    #[arg(long, value_name = "FILE")]
    pub config: Option<PathBuf>,
}

/// Between a failure of the worker and its next start.
const WORKER_PAUSE: Duration = Duration::from_secs(5);
const ENGINE_READY_MAX: Duration = Duration::from_secs(20);

/// Runs until told to stop. Becomes an ordinary user first, so it is called before any thread exists.
///
/// # Errors
/// With what has to be put right before Relais can start.
pub fn serve(data: &Path, arguments: ServeArguments) -> anyhow::Result<()> {
    let (data, configuration) = settle(data, arguments)?;
    let runtime = tokio::runtime::Runtime::new().context("starting the runtime")?;
    runtime.block_on(run(&data, &configuration))
}

/// Makes the data directory, reads the configuration and becomes the user that both belong to.
pub(crate) fn settle(data: &Path, arguments: ServeArguments) -> anyhow::Result<(PathBuf, Configuration)> {
    std::fs::create_dir_all(data).with_context(|| format!("creating {}", data.display()))?;
    let data = data.canonicalize().with_context(|| format!("opening {}", data.display()))?;
    let file = arguments.config.unwrap_or_else(|| data.join("relais.toml"));
    let mut configuration = Configuration::read(&file)?;
    if arguments.database.is_some() {
        configuration.database = arguments.database;
    }
    privileges::drop_to(&configuration.user, &data)?;
    std::fs::set_permissions(&data, std::fs::Permissions::from_mode(0o700))
        .with_context(|| format!("closing {} to others", data.display()))?;
    Ok((data, configuration))
}

pub(crate) fn open_store(data: &Path, configuration: &Configuration) -> anyhow::Result<Store> {
    let url = configuration.database.clone().unwrap_or_else(|| data.join("relais.db").display().to_string());
    Store::open(&url, schema::MIGRATIONS).context("opening the database")
}

async fn run(data: &Path, configuration: &Configuration) -> anyhow::Result<()> {
    let metrics = PrometheusBuilder::new().install_recorder().context("starting the metrics")?;
    let app = build(data, configuration)?;
    app.recover().await.context("recovering from the last stop")?;
    let doors = open(data, configuration, &app, metrics).await?;
    if let Some(dovecot) = app.dovecot() {
        dovecot.ready(ENGINE_READY_MAX).await.context("starting Dovecot")?;
    }
    if let Some(radicale) = app.radicale() {
        radicale.ready(ENGINE_READY_MAX).await.context("starting Radicale")?;
    }
    // Once, and before anything else is there: whoever reads it is at the machine.
    if let Some(link) = app.first_link().await.context("making the first link")? {
        println!("Nobody operates this instance yet. Within a day, open {link}");
    }
    println!("ready");
    std::io::stdout().flush().context("writing to the standard output")?;
    let (mut terminate, mut interrupt) = (signal(SignalKind::terminate())?, signal(SignalKind::interrupt())?);
    tokio::select! {
        _ = terminate.recv() => {}
        _ = interrupt.recv() => {}
    }
    tracing::info!("stopping");
    doors.close().await;
    Ok(())
}

fn build(data: &Path, configuration: &Configuration) -> anyhow::Result<Arc<Relais>> {
    let store = open_store(data, configuration)?;
    let maildirs = Maildirs::open(data.join("mail")).context("opening the mail directory")?;
    let spool_files = SpoolFiles::open(data.join("spool")).context("opening the spool directory")?;
    let collections = Collections::open(data.join("dav")).context("opening the directory of calendars")?;
    let homes = Homes::open(&data.join("dav")).context("opening the directory of calendars")?;
    let smarthost = configuration.smarthost_parts()?.map(|(host, port)| Smarthost {
        host,
        port,
        hello: configuration.hostname.clone(),
        credentials: None,
        patience: Patience::default(),
    });
    let reach = if configuration.webhooks_to_own_network { Reach::Everywhere } else { Reach::Internet };
    let providers_reach =
        if configuration.sign_on_in_own_network { Reach::Everywhere } else { Reach::Internet };
    let clock = Clock::System;
    Ok(Relais::new(Parts {
        store,
        maildirs: Arc::new(maildirs),
        spool_files: Arc::new(spool_files),
        dovecot: start_dovecot(data, configuration)?,
        homes: Arc::new(homes),
        collections: Arc::new(collections),
        backups_dir: data.join("backups"),
        exports_dir: data.join("exports"),
        radicale: start_radicale(data, configuration)?,
        smarthost,
        webhooks: Webhooks::new(reach).context("preparing webhooks")?,
        scim_servers: ScimServers::new(reach).context("preparing SCIM")?,
        ldap: Ldap::new(if configuration.directories_on_own_network {
            Reach::Everywhere
        } else {
            Reach::Internet
        }),
        identity_providers: IdentityProviders::new(providers_reach).context("preparing single sign-on")?,
        dns: configuration.resolver.map_or_else(Dns::of_system, Dns::at),
        hostname: configuration.hostname.clone(),
        public_url: configuration.public_url(),
        dkim_selector: configuration.dkim_selector.clone(),
        personal_marks: configuration
            .personal_marks
            .clone()
            .map_or_else(PersonalMarks::default, PersonalMarks::new),
        ids: Ids::by_time(clock.clone()),
        clock,
        node: node_name(data)?,
    }))
}

/// Without the packages Relais runs all the same, and says which turn mail access on.
fn start_dovecot(data: &Path, configuration: &Configuration) -> anyhow::Result<Option<Dovecot>> {
    if !configuration.wants_dovecot() {
        return Ok(None);
    }
    let settings = dovecot::Settings {
        dir: data.join("dovecot"),
        dict_socket: data.join("dict.sock"),
        listen: configuration.mail_listen,
        imap_port: configuration.imap_port,
        pop3_port: configuration.pop3_port,
        sieve_port: configuration.sieve_port,
        api_key: random_name(),
        run_as: RunAs::Current,
        // Failed sign-ins are throttled where all doors share one count.
        failure_delay: FailureDelay::None,
    };
    match Dovecot::start(settings) {
        Ok(dovecot) => Ok(Some(dovecot)),
        Err(dovecot::StartError::Missing { packages }) => {
            tracing::warn!("mail access is off: install {} and start again", packages.join(" "));
            Ok(None)
        }
        Err(error) => Err(error).context("starting Dovecot"),
    }
}

/// As Dovecot.
fn start_radicale(data: &Path, configuration: &Configuration) -> anyhow::Result<Option<Radicale>> {
    if !configuration.dav {
        return Ok(None);
    }
    let settings = radicale::Settings {
        dir: data.join("radicale"),
        storage: data.join("dav"),
        prefix: dav::PREFIX,
        secret: random_name(),
        body_bytes_max: dav::BODY_BYTES_MAX,
        run_as: RunAs::Current,
    };
    match Radicale::start(settings) {
        Ok(radicale) => Ok(Some(radicale)),
        Err(radicale::StartError::Missing { packages }) => {
            tracing::warn!(
                "calendars and address books are off: install {} and start again",
                packages.join(" ")
            );
            Ok(None)
        }
        Err(error) => Err(error).context("starting Radicale"),
    }
}

/// Who we are among several nodes, for as long as this data directory lives.
fn node_name(data: &Path) -> anyhow::Result<String> {
    let file = data.join("node");
    match std::fs::read_to_string(&file) {
        Ok(name) if !name.trim().is_empty() => Ok(name.trim().to_owned()),
        _ => {
            let name = random_name();
            std::fs::write(&file, &name).with_context(|| format!("writing {}", file.display()))?;
            Ok(name)
        }
    }
}

fn random_name() -> String {
    let bits: [u8; 16] = rand::random();
    bits.iter().map(|byte| format!("{byte:02x}")).collect()
}

/// What has to be closed again.
struct Doors {
    stop: watch::Sender<bool>,
    mail: Vec<Arc<smtp::Door<smtp::AppReception>>>,
    sessions: Vec<JoinHandle<()>>,
    others: Vec<JoinHandle<()>>,
    worker: JoinHandle<()>,
}

impl Doors {
    /// Mail that is being committed gets its answer; everything else may be asked again.
    async fn close(self) {
        self.stop.send_replace(true);
        for door in &self.mail {
            door.stop();
        }
        for sessions in self.sessions {
            if let Err(error) = sessions.await {
                tracing::warn!(%error, "a mail door ended badly");
            }
        }
        if let Err(error) = self.worker.await {
            tracing::warn!(%error, "the worker ended badly");
        }
        for other in self.others {
            other.abort();
        }
    }
}

async fn open(
    data: &Path,
    configuration: &Configuration,
    app: &Arc<Relais>,
    metrics: PrometheusHandle,
) -> anyhow::Result<Doors> {
    let (stop, stopped) = watch::channel(false);
    let mut doors = Doors {
        mail: Vec::new(),
        sessions: Vec::new(),
        others: Vec::new(),
        worker: tokio::spawn(keep_working(app.clone(), stopped)),
        stop,
    };
    let dict = dict::Socket::bind(&data.join("dict.sock"), None).context("opening dict.sock")?;
    let authority = Arc::new(dict::AppAuthority(app.clone()));
    doors.others.push(tokio::spawn(async move {
        dict::serve(dict, authority).await;
    }));
    for (dialect, address) in
        [(smtp::Dialect::Lmtp, configuration.lmtp), (smtp::Dialect::Smtp, configuration.smtp)]
    {
        let listener = listen(address).await?;
        let mut settings = smtp::Settings::new(dialect, configuration.hostname.clone());
        settings.message_bytes_max = configuration.message_bytes_max;
        settings.sessions_max = configuration.mail_sessions_max;
        settings.sessions_per_address_max = configuration.mail_sessions_max;
        // Passwords cross this line in the clear: only where it does not leave the machine.
        if dialect == smtp::Dialect::Smtp && address.ip().is_loopback() {
            settings.sign_in = smtp::SignIn::Offered;
        }
        let clock = app.clone();
        let door = smtp::Door::new(settings, smtp::AppReception(app.clone()), move || clock.now());
        doors.sessions.push(tokio::spawn(door.clone().serve(listener)));
        doors.mail.push(door);
    }
    let secrets = configuration.payment_secrets.clone();
    let network = api::router(app.clone(), api::Trust::Network, metrics.clone(), secrets.clone());
    let network = dav::router(app.clone())
        .merge(scim::router(app.clone()))
        .merge(sso::router(app.clone()))
        .merge(console::router(app.clone()))
        .fallback_service(network);
    let network = edge::around(network, configuration.trusted_proxies.clone());
    let listener = listen(configuration.http).await?;
    doors.others.push(tokio::spawn(async move {
        let service = network.into_make_service_with_connect_info::<std::net::SocketAddr>();
        if let Err(error) = axum::serve(listener, service).await {
            tracing::error!(%error, "the API ended");
        }
    }));
    let operator = api::router(app.clone(), api::Trust::OperatorSocket, metrics, secrets);
    let listener = operator_socket(data)?;
    doors.others.push(tokio::spawn(async move {
        if let Err(error) = axum::serve(listener, operator.into_make_service()).await {
            tracing::error!(%error, "the operator's socket ended");
        }
    }));
    Ok(doors)
}

/// Departures, renewals and outgoing mail go on after a fault of our own: what panicked is tried again from its rows.
async fn keep_working(app: Arc<Relais>, stop: watch::Receiver<bool>) {
    while let Err(error) = tokio::spawn(app.clone().work(stop.clone())).await {
        tracing::error!(%error, "the worker failed and is started again");
        tokio::time::sleep(WORKER_PAUSE).await;
    }
}

async fn listen(address: std::net::SocketAddr) -> anyhow::Result<TcpListener> {
    TcpListener::bind(address)
        .await
        .with_context(|| format!("listening on {address}; choose another port in relais.toml if it is taken"))
}

/// Whoever may open this socket is the operator: the file's mode is the key.
fn operator_socket(data: &Path) -> anyhow::Result<UnixListener> {
    let path = data.join("relais.sock");
    match std::fs::remove_file(&path) {
        Err(error) if error.kind() != std::io::ErrorKind::NotFound => {
            return Err(error).with_context(|| format!("removing {}", path.display()));
        }
        _ => {}
    }
    let listener = UnixListener::bind(&path).with_context(|| format!("listening on {}", path.display()))?;
    std::fs::set_permissions(&path, std::fs::Permissions::from_mode(0o600))
        .with_context(|| format!("closing {} to others", path.display()))?;
    Ok(listener)
}
