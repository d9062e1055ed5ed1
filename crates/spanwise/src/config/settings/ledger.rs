//! The ledger, settled.

#[cfg(feature = "ledger")]
use spanwise_core::Budget;

#[cfg(feature = "ledger")]
use crate::config::TelemetryConfig;
use crate::env::Reader;
use crate::error::{InitError, Source};
#[cfg(feature = "ledger")]
use crate::ledger::{Ledger, LedgerError, LedgerSettings};

const VARIABLE: &str = "SPANWISE_LEDGER";

/// A ledger that is to be opened, and who asks for it.
#[cfg(feature = "ledger")]
#[derive(Clone, Debug)]
pub(crate) struct PlannedLedger {
    settings: LedgerSettings,
    source: Source,
}

#[cfg(feature = "ledger")]
impl PlannedLedger {
    pub(super) fn settle(config: &TelemetryConfig, reader: &mut Reader<'_>) -> Option<Self> {
        let of_variable = reader.environment().get(VARIABLE).map(LedgerSettings::new);
        match config.ledger.clone() {
            Some(settings) => Some(Self { settings, source: Source::code("ledger") }),
            None => Some(Self { settings: of_variable?, source: Source::env(VARIABLE) }),
        }
    }

    pub(crate) fn open(&self) -> Result<Ledger, InitError> {
        Ledger::open(self.settings.clone()).map_err(|error| self.unusable(&error))
    }

    pub(crate) fn carry_over(&self, ledger: &Ledger, budget: &Budget) -> Result<(), InitError> {
        ledger.carry_over(budget).map_err(|error| self.unusable(&error))
    }

    fn unusable(&self, error: &LedgerError) -> InitError {
        let remedy =
            "give the path of a ledger, or of a file that is not there yet in a directory that is";
        self.source.invalid(format!("cannot be used ({error})"), remedy)
    }
}

/// One is asked for that nobody can keep.
#[cfg(not(feature = "ledger"))]
pub(super) fn check(reader: &mut Reader<'_>) -> Result<(), InitError> {
    match reader.environment().get(VARIABLE) {
        Some(_) => {
            let setting = Source::env(VARIABLE).name();
            Err(InitError::FeatureMissing { setting, feature: "ledger" })
        }
        None => Ok(()),
    }
}
