//! A budget that is used up, in the words of `genai`.

use genai::{Error, ServiceTarget};
use spanwise_core::BudgetExceeded;

/// Ends the operation where a hard stop refuses it, before anything is sent.
macro_rules! within_budget {
    ($operation:ident, $target:expr) => {
        if let Err(exceeded) = spanwise_core::check_budgets(&$operation.context()) {
            let name = spanwise_core::semconv::attribute::SPANWISE_BUDGET_NAME.key();
            $operation.attribute(name, exceeded.budget().to_owned());
            $operation.fail(&exceeded);
            return Err(budget::refused($target, exceeded));
        }
    };
}

pub(super) use within_budget;

/// The one error of `genai` that carries another.
pub(super) fn refused(target: &ServiceTarget, exceeded: BudgetExceeded) -> Error {
    Error::WebStream {
        model_iden: target.model.clone(),
        cause: exceeded.to_string(),
        error: Box::new(exceeded),
    }
}
