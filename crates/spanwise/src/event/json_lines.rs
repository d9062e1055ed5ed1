//! Events to a file, a line for each.

use std::fmt;
use std::fs::{File, OpenOptions};
use std::io::{self, Write};
use std::path::{Path, PathBuf};
use std::sync::{Mutex, PoisonError};

use spanwise_core::TelemetryEvent;

use super::exporter::{ExportError, TelemetryExporter};

/// Writes events to a file, each as a line of JSON.
///
/// Before it grows beyond [`max_bytes`](Self::max_bytes) the file becomes `{name}.1`, what was that becomes
/// `{name}.2`, and so on; of these there are [`max_files`](Self::max_files) at most. On Unix nobody but the user
/// may read the files. Where a line cannot be written as a whole, what was written of it is taken back.
///
/// ```
/// use spanwise::JsonLinesExporter;
///
/// # fn main() -> std::io::Result<()> {
/// # let directory = tempfile::tempdir()?;
/// # let path = directory.path().join("events.jsonl");
/// let exporter = JsonLinesExporter::create(path)?.max_bytes(10 << 20).max_files(3);
/// # let _ = exporter;
/// # Ok(()) }
/// ```
pub struct JsonLinesExporter {
    path: PathBuf,
    most_bytes: u64,
    most_files: usize,
    open: Mutex<Open>,
}

struct Open {
    file: File,
    bytes: u64,
}

/// So many lines are written at once.
const AT_ONCE: usize = 512;

impl JsonLinesExporter {
    /// Writes to this file, behind what is in it.
    ///
    /// # Errors
    ///
    /// Where it cannot be opened to be written.
    pub fn create(path: impl Into<PathBuf>) -> io::Result<Self> {
        let path = path.into();
        let open = Mutex::new(Open::at(&path)?);
        Ok(Self { path, most_bytes: 100 << 20, most_files: 5, open })
    }

    /// How large a file grows. Defaults to 100 MiB.
    #[must_use]
    pub fn max_bytes(self, bytes: u64) -> Self {
        Self { most_bytes: bytes, ..self }
    }

    /// How many full files are kept beside the one that is written. Defaults to 5.
    #[must_use]
    pub fn max_files(self, files: usize) -> Self {
        Self { most_files: files, ..self }
    }

    fn write(&self, events: &[TelemetryEvent]) -> io::Result<()> {
        let mut open = self.open.lock().unwrap_or_else(PoisonError::into_inner);
        let mut lines = Vec::new();
        for event in events {
            serde_json::to_writer(&mut lines, event)?;
            lines.push(b'\n');
        }
        if open.bytes > 0 && open.bytes.saturating_add(lines.len() as u64) > self.most_bytes {
            self.rotate()?;
            *open = Open::at(&self.path)?;
        }
        open.append(&lines)
    }

    fn rotate(&self) -> io::Result<()> {
        if self.most_files == 0 {
            return std::fs::remove_file(&self.path);
        }
        for place in (1..self.most_files).rev() {
            let full = self.full(place);
            if full.exists() {
                std::fs::rename(full, self.full(place + 1))?;
            }
        }
        std::fs::rename(&self.path, self.full(1))
    }

    fn full(&self, place: usize) -> PathBuf {
        let mut name = self.path.clone().into_os_string();
        name.push(format!(".{place}"));
        name.into()
    }
}

impl Open {
    fn at(path: &Path) -> io::Result<Self> {
        let mut options = OpenOptions::new();
        options.append(true).create(true);
        #[cfg(unix)]
        std::os::unix::fs::OpenOptionsExt::mode(&mut options, 0o600);
        let file = options.open(path)?;
        let bytes = file.metadata()?.len();
        Ok(Self { file, bytes })
    }

    fn append(&mut self, lines: &[u8]) -> io::Result<()> {
        let written = self.file.write_all(lines);
        match written {
            Ok(()) => self.bytes += lines.len() as u64,
            // A device cannot be cut, and has nothing to be taken back.
            Err(_) => drop(self.file.set_len(self.bytes)),
        }
        written
    }
}

impl TelemetryExporter for JsonLinesExporter {
    async fn export(&self, event: &TelemetryEvent) -> Result<(), ExportError> {
        self.export_batch(std::slice::from_ref(event)).await
    }

    fn batch_size(&self) -> usize {
        AT_ONCE
    }

    /// On a thread of its own it may block.
    async fn export_batch(&self, events: &[TelemetryEvent]) -> Result<(), ExportError> {
        self.write(events).map_err(|error| {
            ExportError::new(match error.kind() {
                io::ErrorKind::StorageFull => "the disk is full",
                io::ErrorKind::PermissionDenied => "the file may not be written",
                _ => "the file could not be written",
            })
        })
    }
}

impl fmt::Debug for JsonLinesExporter {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("JsonLinesExporter").field("path", &self.path).finish_non_exhaustive()
    }
}

#[cfg(test)]
mod tests;
