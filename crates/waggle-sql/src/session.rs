//! What a SQL text may say: one SELECT over the tenant's datasets. There are no files, no networks, no settings and no other schema to
//! speak of, so nothing of another tenant or of the machine can be named.

use crate::engine::SqlConfig;
use crate::error::refused;
use crate::table::{CATALOG, Events, SCHEMA, TenantSchema};
use datafusion::catalog::{CatalogProviderList, MemoryCatalogProviderList};
use datafusion::common::tree_node::{Transformed, TreeNode};
use datafusion::common::{DataFusionError, Result};
use datafusion::execution::context::SQLOptions;
use datafusion::execution::disk_manager::{DiskManagerBuilder, DiskManagerMode};
use datafusion::execution::memory_pool::{GreedyMemoryPool, TrackConsumersPool};
use datafusion::execution::registry::FunctionRegistry;
use datafusion::execution::runtime_env::RuntimeEnvBuilder;
use datafusion::execution::{SendableRecordBatchStream, SessionState, SessionStateBuilder};
use datafusion::logical_expr::LogicalPlanBuilder;
use datafusion::physical_plan::coop::CooperativeExec;
use datafusion::physical_plan::{ExecutionPlan, execute_stream};
use datafusion::prelude::SessionConfig;
use datafusion::sql::parser::{DFParserBuilder, Statement};
use datafusion::sql::sqlparser::ast::{Query, SetExpr, Statement as SqlStatement};
use datafusion::sql::sqlparser::dialect::GenericDialect;
use datafusion::sql::sqlparser::keywords::Keyword;
use datafusion::sql::sqlparser::tokenizer::{Token, Tokenizer};
use std::num::NonZero;
use std::sync::Arc;

/// How many consumers of memory an error names.
const CONSUMERS_NAMED: NonZero<usize> = match NonZero::new(3) {
    Some(count) => count,
    None => NonZero::<usize>::MIN,
};

/// The state all questions start from: functions and settings, but no tables.
pub(crate) fn session(config: &SqlConfig) -> SessionState {
    let mut session = SessionConfig::new()
        .with_target_partitions(config.threads.max(1))
        .with_information_schema(false)
        .with_create_default_catalog_and_schema(false)
        .with_default_catalog_and_schema(CATALOG, SCHEMA);
    let options = session.options_mut();
    // Fields of events differ by case, so names mean what they say.
    options.sql_parser.enable_ident_normalization = false;
    options.sql_parser.collect_spans = true;
    let mut state = SessionStateBuilder::new()
        .with_config(session)
        .with_default_features()
        .build();
    for name in SWELLING {
        // It fails only where functions can't be taken away.
        let _gone = state.deregister_udf(name);
    }
    state
}

/// Functions that make a value as large as a number says: the memory pool does not see what a function makes, so one call could take all
/// there is.
const SWELLING: [&str; 7] = [
    "array_repeat",
    "array_resize",
    "generate_series",
    "lpad",
    "range",
    "repeat",
    "rpad",
];

/// Plans a text and starts it; `rows_max` cuts it short.
pub(crate) async fn plan_of(
    base: SessionState,
    events: Events,
    text: &str,
    rows_max: usize,
    config: &SqlConfig,
) -> Result<SendableRecordBatchStream> {
    check_depth(text, config.operators_max)?;
    let statement = only_select(text)?;
    let catalogs = MemoryCatalogProviderList::new();
    catalogs.register_catalog(CATALOG.to_owned(), Arc::new(TenantSchema(events)));
    let bytes = usize::try_from(config.memory_bytes_max).unwrap_or(usize::MAX);
    let pool = TrackConsumersPool::new(GreedyMemoryPool::new(bytes), CONSUMERS_NAMED);
    let disk = DiskManagerBuilder::default().with_mode(DiskManagerMode::Disabled);
    let runtime = RuntimeEnvBuilder::new()
        .with_memory_pool(Arc::new(pool))
        .with_disk_manager_builder(disk)
        .build_arc()?;
    let mut state = SessionStateBuilder::new_from_existing(base)
        .with_catalog_list(Arc::new(catalogs))
        .with_runtime_env(runtime)
        .build();
    state.mark_start_execution();
    let plan = state.statement_to_plan(statement).await?;
    SQLOptions::new()
        .with_allow_ddl(false)
        .with_allow_dml(false)
        .with_allow_statements(false)
        .verify_plan(&plan)?;
    let plan = LogicalPlanBuilder::from(plan)
        .limit(0, Some(rows_max))?
        .build()?;
    let plan = state.create_physical_plan(&plan).await?;
    execute_stream(stoppable(plan)?, state.task_ctx())
}

/// Lets every node that can make many rows of few give way after some batches. DataFusion sees to that for leaves only; the product of two
/// small tables would otherwise go on to its end long after nobody waits for it.
fn stoppable(plan: Arc<dyn ExecutionPlan>) -> Result<Arc<dyn ExecutionPlan>> {
    let plan = plan.transform_up(|node| {
        let multiplies = node.children().len() > 1 || MULTIPLYING.contains(&node.name());
        Ok(match multiplies {
            true => Transformed::yes(Arc::new(CooperativeExec::new(node)) as _),
            false => Transformed::no(node),
        })
    })?;
    Ok(plan.data)
}

/// Nodes with one input that can make many rows of few.
const MULTIPLYING: [&str; 2] = ["UnnestExec", "RecursiveQueryExec"];

/// Refuses a text of too many operators. Planning goes down a tree as deep as they are many, on a stack that ends; lists of values make a
/// text long and not deep.
fn check_depth(text: &str, operators_max: usize) -> Result<()> {
    // What can't be read is for the parser to complain about.
    let Ok(tokens) = Tokenizer::new(&GenericDialect {}, text).tokenize() else {
        return Ok(());
    };
    let is_operator = |token: &&Token| match token {
        Token::Word(word) => word.quote_style.is_none() && word.keyword != Keyword::NoKeyword,
        Token::Whitespace(_)
        | Token::Comma
        | Token::Number(..)
        | Token::SingleQuotedString(_)
        | Token::DoubleQuotedString(_) => false,
        _ => true,
    };
    if tokens.iter().filter(is_operator).count() > operators_max {
        return Err(refused(&format!(
            "the text has more than its limit of {operators_max} operators and keywords"
        )));
    }
    Ok(())
}

/// Parses a text that must be one SELECT.
fn only_select(text: &str) -> Result<Statement> {
    let mut statements = DFParserBuilder::new(text)
        .with_dialect(&GenericDialect {})
        .build()?
        .parse_statements()?;
    let Some(statement) = statements.pop_front() else {
        return Err(refused("there is no SQL in the text"));
    };
    if !statements.is_empty() {
        return Err(refused("only one statement can be run at a time"));
    }
    match &statement {
        Statement::Statement(inner) => match &**inner {
            SqlStatement::Query(query) => check_reads(query)?,
            other => return Err(not_select(&other.to_string())),
        },
        other => return Err(not_select(&other.to_string())),
    }
    Ok(statement)
}

fn not_select(text: &str) -> DataFusionError {
    let word = text.split_whitespace().next().unwrap_or("this");
    refused(&format!("only SELECT can be run here, not {word}"))
}

/// Refuses what writes from inside a query.
fn check_reads(query: &Query) -> Result<()> {
    for table in query.with.iter().flat_map(|with| &with.cte_tables) {
        check_reads(&table.query)?;
    }
    check_body(&query.body)
}

fn check_body(body: &SetExpr) -> Result<()> {
    match body {
        SetExpr::Select(select) if select.into.is_some() => {
            Err(refused("only SELECT can be run here, not SELECT INTO"))
        }
        SetExpr::Select(_) | SetExpr::Values(_) | SetExpr::Table(_) => Ok(()),
        SetExpr::Query(query) => check_reads(query),
        SetExpr::SetOperation { left, right, .. } => {
            check_body(left)?;
            check_body(right)
        }
        other => Err(not_select(&other.to_string())),
    }
}
