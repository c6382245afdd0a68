//! One connection with the statements prepared on it: values in, rows out, and what each failure means for the transaction.

use std::collections::HashMap;
use std::error::Error as _;

use ::postgres::error::SqlState;
use ::postgres::fallible_iterator::FallibleIterator;
use ::postgres::types::private::BytesMut;
use ::postgres::types::{IsNull, ToSql, Type, to_sql_checked};
use ::postgres::{Client, Statement};

use super::{is_going_away, reason, refused};
use crate::tx::{Consequence, Error, Trouble};
use crate::value::{Cell, Kind, Row, Value};

const STATEMENTS_KEPT: usize = 512;

/// A connection with the statements prepared on it.
pub(crate) struct Session {
    client: Client,
    statements: HashMap<String, Vec<(Vec<Kind>, Statement)>>,
}

impl Session {
    pub fn new(client: Client) -> Self {
        Session { client, statements: HashMap::new() }
    }

    pub fn is_closed(&self) -> bool {
        self.client.is_closed()
    }

    /// Statements without arguments or answer, sent as they are.
    pub fn batch(&mut self, sql: &str) -> Result<(), Trouble> {
        let done = self.client.batch_execute(sql);
        done.map_err(|error| self.trouble(&error))
    }

    pub fn query(&mut self, sql: &str, args: &[Value]) -> Result<Vec<Row>, Trouble> {
        let mut rows = Vec::new();
        self.for_each(sql, args, &mut |row| {
            rows.push(row);
            true
        })?;
        Ok(rows)
    }

    /// Until `each` answers false.
    pub fn for_each(
        &mut self,
        sql: &str,
        args: &[Value],
        each: &mut dyn FnMut(Row) -> bool,
    ) -> Result<(), Trouble> {
        let statement = self.prepared(sql, args)?;
        let listed = self.client.query_raw(&statement, args).and_then(|mut rows| {
            while let Some(row) = rows.next()? {
                let cells = match cells(&row) {
                    Ok(cells) => cells,
                    Err(error) => return Ok(Err(error)),
                };
                if !each(Row::new(cells)) {
                    break;
                }
            }
            Ok(Ok(()))
        });
        match listed {
            Ok(Ok(())) => Ok(()),
            Ok(Err(error)) => Err(Trouble { error, consequence: Consequence::Fail }),
            Err(error) => Err(self.trouble(&error)),
        }
    }

    pub fn execute(&mut self, sql: &str, args: &[Value]) -> Result<u64, Trouble> {
        let statement = self.prepared(sql, args)?;
        let args: Vec<&(dyn ToSql + Sync)> = args.iter().map(|arg| arg as _).collect();
        let done = self.client.execute(&statement, &args);
        done.map_err(|error| self.trouble(&error))
    }

    fn prepared(&mut self, sql: &str, args: &[Value]) -> Result<Statement, Trouble> {
        let kept = self.statements.get(sql).and_then(|variants| {
            variants.iter().find(|(kinds, _)| kinds.iter().copied().eq(args.iter().map(Value::kind)))
        });
        if let Some((_, statement)) = kept {
            return Ok(statement.clone());
        }
        let kinds: Vec<Kind> = args.iter().map(Value::kind).collect();
        let types: Vec<Type> = kinds.iter().map(|kind| pg_type(*kind)).collect();
        let prepared = self.client.prepare_typed(sql, &types);
        let statement = prepared.map_err(|error| self.trouble(&error))?;
        if statement.params().len() != args.len() {
            let error = Error::Shape(format!("{} arguments do not fit the parameters of: {sql}", args.len()));
            return Err(Trouble { error, consequence: Consequence::Fail });
        }
        if self.statements.len() >= STATEMENTS_KEPT {
            self.statements.clear();
        }
        self.statements.entry(sql.to_owned()).or_default().push((kinds, statement.clone()));
        Ok(statement)
    }

    fn trouble(&self, error: &::postgres::Error) -> Trouble {
        let lost = Trouble { error: Error::Unavailable(reason(error)), consequence: Consequence::Lost };
        let Some(refusal) = error.as_db_error() else {
            if self.client.is_closed()
                || error.is_closed()
                || error.source().is_some_and(|s| s.is::<std::io::Error>())
            {
                return lost;
            }
            return Trouble { error: Error::Db(reason(error)), consequence: Consequence::Fail };
        };
        // Another node has just changed a table: statements prepared before that are of no more use.
        let is_stale_plan = refusal.routine() == Some("RevalidateCachedQuery");
        if is_going_away(refusal.code()) || is_stale_plan {
            return lost;
        }
        let is_conflict =
            [SqlState::T_R_SERIALIZATION_FAILURE, SqlState::T_R_DEADLOCK_DETECTED].contains(refusal.code());
        if is_conflict {
            return Trouble {
                error: Error::Unavailable(refusal.message().to_owned()),
                consequence: Consequence::Retry,
            };
        }
        Trouble { error: refused(refusal), consequence: Consequence::Fail }
    }
}

fn pg_type(kind: Kind) -> Type {
    match kind {
        Kind::Int => Type::INT8,
        Kind::Text => Type::TEXT,
        Kind::Blob => Type::BYTEA,
    }
}

impl ToSql for Value {
    fn to_sql(
        &self,
        ty: &Type,
        out: &mut BytesMut,
    ) -> Result<IsNull, Box<dyn std::error::Error + Sync + Send>> {
        match self {
            Value::Null(_) => Ok(IsNull::Yes),
            Value::Int(value) => value.to_sql(ty, out),
            Value::Text(value) => value.to_sql(ty, out),
            Value::Blob(value) => value.to_sql(ty, out),
        }
    }

    fn accepts(ty: &Type) -> bool {
        [Type::INT8, Type::TEXT, Type::BYTEA].contains(ty)
    }

    to_sql_checked!();
}

fn cells(row: &::postgres::Row) -> Result<Vec<Cell>, Error> {
    let mut cells = Vec::with_capacity(row.len());
    for (index, column) in row.columns().iter().enumerate() {
        let cell = match *column.type_() {
            Type::INT8 => row.try_get(index).map(|value: Option<i64>| value.map(Cell::Int)),
            Type::INT4 => row.try_get(index).map(|value: Option<i32>| value.map(|v| Cell::Int(v.into()))),
            Type::BOOL => row.try_get(index).map(|value: Option<bool>| value.map(|v| Cell::Int(v.into()))),
            Type::TEXT | Type::VARCHAR | Type::NAME => {
                row.try_get(index).map(|value: Option<String>| value.map(Cell::Text))
            }
            Type::BYTEA => row.try_get(index).map(|value: Option<Vec<u8>>| value.map(Cell::Blob)),
            ref other => {
                return Err(Error::Shape(format!(
                    "column {index} is of type {other}: CAST it to BIGINT or TEXT"
                )));
            }
        };
        cells.push(cell.map_err(|error| Error::Shape(reason(&error)))?.unwrap_or(Cell::Null));
    }
    Ok(cells)
}
