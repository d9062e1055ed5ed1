//! Where a lane's files lie, and to which process they belong.

use std::fs::{self, DirBuilder, File, OpenOptions};
use std::io::{self, Write as _};
use std::path::{Path, PathBuf};
use std::time::{Duration, SystemTime};

use fs4::{FileExt, TryLockError};
use serde_json::{Value, json};

use super::error::SpoolError;
use super::record::unix_ms;
use crate::signal::Signal;

const LOCK: &str = "lock";
const ABOUT: &str = "about.json";

/// A lock without a folder is its process starting, or what a crash left; this old it is no start.
const ORPHANED: Duration = Duration::from_secs(3600);

/// Where one signal's way to one destination spools.
#[derive(Clone, Debug)]
pub(crate) struct Place {
    pub(crate) lane: PathBuf,
    about: About,
}

/// What a process says of its folder, for those who look at it.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub(crate) struct About {
    pub(crate) destination: String,
    /// Without user, password and query.
    pub(crate) endpoint: String,
    pub(crate) protocol: String,
}

impl Place {
    /// The place below `directory`. `endpoint` must show no secret: it is written to disk.
    pub(crate) fn new(
        directory: &Path,
        signal: Signal,
        destination: &str,
        endpoint: &str,
        protocol: &str,
    ) -> Self {
        let whole = format!("{destination}\0{endpoint}\0{protocol}");
        let fingerprint = crc32fast::hash(whole.as_bytes());
        let lane = format!("{}-{fingerprint:08x}", signal.name());
        Self {
            lane: directory.join(folder_name(destination)).join(lane),
            about: About {
                destination: destination.to_owned(),
                endpoint: endpoint.to_owned(),
                protocol: protocol.to_owned(),
            },
        }
    }

    /// The place of spools that others have written.
    pub(crate) fn of_lane(lane: &Path) -> Self {
        Self { lane: lane.to_owned(), about: About::default() }
    }
}

/// The name with nothing in it that a file system could take amiss; the fingerprint tells apart what
/// becomes the same.
fn folder_name(destination: &str) -> String {
    let plain = |c: char| if c.is_ascii_alphanumeric() || c == '-' { c } else { '_' };
    let name: String = destination.chars().map(plain).take(64).collect();
    if name.is_empty() { "_".to_owned() } else { name }
}

/// The signal of a lane's folder; `None` for a folder that is something else.
pub(crate) fn signal_of(lane: &Path) -> Option<Signal> {
    let (signal, fingerprint) = lane.file_name()?.to_str()?.split_once('-')?;
    let signal = Signal::ALL.into_iter().find(|known| known.name() == signal)?;
    is_hex(fingerprint).then_some(signal)
}

/// The process of a process's folder; `None` for a folder that is something else.
pub(crate) fn process_of(folder: &Path) -> Option<u64> {
    let mut parts = folder.file_name()?.to_str()?.splitn(3, '-');
    let (begun, process, random) = (parts.next()?, parts.next()?, parts.next()?);
    let begun: Result<u64, _> = begun.parse();
    (begun.is_ok() && is_hex(random)).then(|| process.parse().ok()).flatten()
}

fn is_hex(word: &str) -> bool {
    word.len() == 8 && word.bytes().all(|byte| byte.is_ascii_hexdigit())
}

/// Whether a living process has this folder.
pub(crate) fn is_locked(folder: &Path) -> bool {
    let locked =
        |lock: File| matches!(FileExt::try_lock_shared(&lock), Err(TryLockError::WouldBlock));
    File::open(folder.with_extension(LOCK)).is_ok_and(locked)
}

/// The folder of one process, and the lock that says that it is ours.
#[derive(Debug)]
pub(crate) struct ProcessFolder {
    pub(crate) path: PathBuf,
    lock: File,
}

impl ProcessFolder {
    /// Makes the folder of this process.
    pub(crate) fn create(place: &Place) -> Result<Self, SpoolError> {
        let now = unix_ms(SystemTime::now());
        // Others remove folders that they find empty: the lane's may go while ours is being made. And they
        // look whether a lock is held.
        let mut attempts = 0;
        let may_pass = |kind| matches!(kind, io::ErrorKind::NotFound | io::ErrorKind::WouldBlock);
        loop {
            let name = format!("{now:013}-{}-{:08x}", std::process::id(), fastrand::u32(..));
            attempts += 1;
            match Self::create_as(place, &name) {
                Err(SpoolError::Io { source, .. }) if may_pass(source.kind()) && attempts < 5 => {}
                made => return made,
            }
        }
    }

    fn create_as(place: &Place, name: &str) -> Result<Self, SpoolError> {
        make_folder(&place.lane)
            .map_err(|error| SpoolError::io(&place.lane, "cannot be made", error))?;
        let path = place.lane.join(name);
        let lock_path = path.with_extension(LOCK);
        let cannot_lock = |error| SpoolError::io(&lock_path, "cannot be locked", error);
        // Locked before the folder is there: nobody ever sees it without its owner.
        let lock = create_file(&lock_path).map_err(cannot_lock)?;
        FileExt::try_lock(&lock).map_err(|error| cannot_lock(error.into()))?;
        let made = make_folder(&path).and_then(|()| {
            create_file(&path.join(ABOUT))?.write_all(place.about.to_json().as_bytes())
        });
        if let Err(error) = made {
            let problem = SpoolError::io(&path, "cannot be written", error);
            Self { path, lock }.release();
            return Err(problem);
        }
        Ok(Self { path, lock })
    }

    /// Takes over the folder of a process, unless that lives or someone else has it.
    pub(crate) fn take(path: &Path) -> Result<Option<Self>, SpoolError> {
        let lock_path = path.with_extension(LOCK);
        let cannot_lock = |error| SpoolError::io(&lock_path, "cannot be locked", error);
        let lock = append_to(&lock_path).map_err(cannot_lock)?;
        match FileExt::try_lock(&lock) {
            Ok(()) => {}
            Err(TryLockError::WouldBlock) => return Ok(None),
            Err(TryLockError::Error(error)) => return Err(cannot_lock(error)),
        }
        if !path.is_dir() {
            // Someone else has emptied and removed it meanwhile; names are never used again.
            let _ = fs::remove_file(&lock_path);
            return Ok(None);
        }
        Ok(Some(Self { path: path.to_owned(), lock }))
    }

    /// Gives the folder up, and removes it if nothing is left in it.
    pub(crate) fn release(self) {
        let Self { path, lock } = self;
        let left = fs::read_dir(&path).map(|entries| {
            entries.filter(|e| e.as_ref().is_ok_and(|e| e.file_name() != ABOUT)).count()
        });
        if left.is_ok_and(|left| left == 0) {
            let _ = fs::remove_file(path.join(ABOUT));
        }
        // Succeeds on empty folders only; whatever is left is for the next process.
        if !path.exists() || fs::remove_dir(&path).is_ok() {
            let _ = fs::remove_file(path.with_extension(LOCK));
        }
        drop(lock);
        for folder in path.ancestors().skip(1).take(2) {
            let _ = fs::remove_dir(folder);
        }
    }
}

/// The folders of processes in a lane, oldest first, and none where there is no lane.
pub(crate) fn processes(lane: &Path) -> Result<Vec<PathBuf>, SpoolError> {
    let cannot = |error| SpoolError::io(lane, "cannot be read", error);
    let entries = match fs::read_dir(lane) {
        Err(error) if error.kind() == io::ErrorKind::NotFound => return Ok(Vec::new()),
        entries => entries.map_err(cannot)?,
    };
    let mut folders = Vec::new();
    for entry in entries {
        let entry = entry.map_err(cannot)?;
        if entry.file_type().is_ok_and(|kind| kind.is_dir()) && process_of(&entry.path()).is_some()
        {
            folders.push(entry.path());
        }
    }
    folders.sort();
    Ok(folders)
}

/// Removes locks whose folders are no more.
pub(crate) fn sweep(lane: &Path) {
    let entries = fs::read_dir(lane).into_iter().flatten().flatten();
    for path in entries.map(|entry| entry.path()) {
        let is_lock = path.extension().is_some_and(|extension| extension == LOCK);
        let age = path.metadata().and_then(|metadata| metadata.modified());
        let age = age.ok().and_then(|modified| modified.elapsed().ok());
        let folder = path.with_extension("");
        if is_lock && age.is_some_and(|age| age > ORPHANED) && !folder.exists() {
            // Taking it removes it.
            let _ = ProcessFolder::take(&folder);
        }
    }
}

impl About {
    fn to_json(&self) -> String {
        let Self { destination, endpoint, protocol } = self;
        json!({ "destination": destination, "endpoint": endpoint, "protocol": protocol })
            .to_string()
    }

    /// What a process said; `None` where that is torn or gone.
    pub(crate) fn read(folder: &Path) -> Option<Self> {
        let json: Value = serde_json::from_slice(&fs::read(folder.join(ABOUT)).ok()?).ok()?;
        let text = |key: &str| Some(json.get(key)?.as_str()?.to_owned());
        Some(Self {
            destination: text("destination")?,
            endpoint: text("endpoint")?,
            protocol: text("protocol")?,
        })
    }

    /// What the name of a destination's folder says.
    pub(crate) fn of_folder(destination: &Path) -> Self {
        let name = destination.file_name().unwrap_or_default();
        Self { destination: name.to_string_lossy().into_owned(), ..Self::default() }
    }
}

/// A new file that only its owner may read, to be written at its end.
pub(crate) fn create_file(path: &Path) -> io::Result<File> {
    private().create_new(true).open(path)
}

/// A file that only its owner may read, to be written at its end; made if it is not there.
pub(crate) fn append_to(path: &Path) -> io::Result<File> {
    private().create(true).open(path)
}

fn private() -> OpenOptions {
    let mut options = OpenOptions::new();
    options.read(true).append(true);
    #[cfg(unix)]
    std::os::unix::fs::OpenOptionsExt::mode(&mut options, 0o600);
    options
}

fn make_folder(path: &Path) -> io::Result<()> {
    let mut builder = DirBuilder::new();
    #[cfg(unix)]
    std::os::unix::fs::DirBuilderExt::mode(&mut builder, 0o700);
    builder.recursive(true).create(path)
}

/// Makes sure that what is in a process's folder can be found again after a loss of power, where the system
/// has a way to ask for that.
pub(crate) fn sync_folder(path: &Path) -> io::Result<()> {
    let sync = |path: &Path| if cfg!(unix) { File::open(path)?.sync_all() } else { Ok(()) };
    // Lane, destination, directory, and what that is in, which need not be ours to open.
    for folder in path.ancestors().skip(1).take(4) {
        let _ = sync(folder);
    }
    sync(path)
}
