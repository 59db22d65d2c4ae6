//! What all our plan nodes have in common: they hold no expressions, and their properties are made once.

use datafusion::common::Result;
use datafusion::common::tree_node::TreeNodeRecursion;
use datafusion::physical_expr::PhysicalExpr;
use datafusion::physical_plan::ExecutionPlan;
use std::sync::Arc;

/// A node as its parent holds it.
pub(crate) type Node = Arc<dyn ExecutionPlan>;

/// Who wants to see a node's expressions.
pub(crate) type ExpressionVisitor<'a> =
    &'a mut dyn FnMut(&Arc<dyn PhysicalExpr>) -> Result<TreeNodeRecursion>;

/// The parts of [`ExecutionPlan`] that are alike in every node with a field `properties`.
macro_rules! plan_node {
    ($name:literal) => {
        fn name(&self) -> &'static str {
            $name
        }

        fn properties(&self) -> &Arc<PlanProperties> {
            &self.properties
        }

        fn apply_expressions(
            &self,
            _: $crate::node::ExpressionVisitor<'_>,
        ) -> Result<datafusion::common::tree_node::TreeNodeRecursion> {
            Ok(datafusion::common::tree_node::TreeNodeRecursion::Continue)
        }

        // The trait still asks for it beside its successor.
        fn with_new_children(
            self: Arc<Self>,
            children: Vec<$crate::node::Node>,
        ) -> Result<$crate::node::Node> {
            let mode = datafusion::physical_plan::ChildrenPropertiesMode::Recompute;
            let options = datafusion::physical_plan::ReplaceChildrenOptions::new(mode);
            self.replace_children(children, options)
        }
    };
}

/// The same for a node without children.
macro_rules! leaf_node {
    ($name:literal) => {
        $crate::node::plan_node!($name);

        fn children(&self) -> Vec<&$crate::node::Node> {
            Vec::new()
        }

        fn replace_children(
            self: Arc<Self>,
            _: Vec<$crate::node::Node>,
            _: datafusion::physical_plan::ReplaceChildrenOptions,
        ) -> Result<$crate::node::Node> {
            Ok(self)
        }
    };
}

pub(crate) use {leaf_node, plan_node};
