//! A disk in memory that behaves as badly as a disk may.
//!
//! What was not synced is lost or torn at a crash: of the bytes a random prefix stays, sometimes with zeros in it; of the names a
//! random part of the changes happens. It stops at any given call, fills up, and fails a sync; after a failed sync the bytes
//! concerned are gone for good, even if a later sync succeeds, as with a page cache that forgets dirty pages it could not write.
//! Directories are durable at once.

use super::{Disk, DiskFile};
use parking_lot::{Mutex, MutexGuard};
use rand::rngs::StdRng;
use rand::{RngExt, SeedableRng};
use std::any::Any;
use std::collections::BTreeMap;
use std::io::{self, ErrorKind};
use std::path::{Path, PathBuf};
use std::sync::Arc;

/// The simulated disk. Clones share it.
#[derive(Clone)]
pub(crate) struct SimDisk(Arc<Mutex<State>>);

/// The disk as one process sees it: after a restart nothing that the process left behind reaches it.
struct Mount {
    disk: SimDisk,
    life: u32,
}

struct State {
    rng: StdRng,
    inodes: Vec<Inode>,
    names: BTreeMap<PathBuf, usize>,
    durable_names: BTreeMap<PathBuf, usize>,
    changes: Vec<Change>,
    locks: Vec<PathBuf>,
    /// Counts restarts: handles from before fail.
    life: u32,
    calls: u64,
    crash_at: Option<u64>,
    is_crashed: bool,
    /// Hears of the crash: what is not a disk stops with it.
    on_crash: Option<Box<dyn Fn() + Send>>,
    capacity: Option<u64>,
    /// From this call on there is no room, whatever the capacity.
    full_at: Option<u64>,
    syncs: u64,
    fail_sync_at: Option<u64>,
}

#[derive(Default)]
struct Inode {
    data: Vec<u8>,
    /// So many bytes survive.
    synced: usize,
    /// Bytes cut since the last sync, which may come back.
    cut: Vec<u8>,
    /// Bytes from here on never survive.
    lost_from: Option<usize>,
}

#[derive(Clone)]
enum Change {
    Link(PathBuf, usize),
    Unlink(PathBuf),
    Rename(PathBuf, PathBuf),
}

#[derive(Clone)]
struct SimFile {
    disk: SimDisk,
    inode: usize,
    life: u32,
}

struct SimLock {
    disk: SimDisk,
    path: PathBuf,
    life: u32,
}

impl SimDisk {
    pub(crate) fn new(seed: u64) -> Self {
        Self(Arc::new(Mutex::new(State {
            rng: StdRng::seed_from_u64(seed),
            inodes: Vec::new(),
            names: BTreeMap::new(),
            durable_names: BTreeMap::new(),
            changes: Vec::new(),
            locks: Vec::new(),
            life: 0,
            calls: 0,
            crash_at: None,
            is_crashed: false,
            on_crash: None,
            capacity: None,
            full_at: None,
            syncs: 0,
            fail_sync_at: None,
        })))
    }

    /// The disk for a process that starts now.
    pub(crate) fn mount(&self) -> Arc<dyn Disk> {
        Arc::new(Mount {
            disk: self.clone(),
            life: self.0.lock().life,
        })
    }

    /// Stops at the `calls`-th call from now: it may or may not take effect, it and all later ones fail.
    pub(crate) fn crash_in(&self, calls: u64) {
        let mut state = self.0.lock();
        state.crash_at = Some(state.calls + calls);
    }

    /// Stops something else together with the disk, until the restart.
    pub(crate) fn on_crash(&self, stop: impl Fn() + Send + 'static) {
        self.0.lock().on_crash = Some(Box::new(stop));
    }

    /// Stops now.
    pub(crate) fn crash(&self) {
        self.0.lock().is_crashed = true;
    }

    pub(crate) fn is_crashed(&self) -> bool {
        self.0.lock().is_crashed
    }

    /// Calls so far in this life.
    pub(crate) fn calls(&self) -> u64 {
        self.0.lock().calls
    }

    /// Lets so many more bytes be written.
    pub(crate) fn fill_after(&self, bytes: u64) {
        let mut state = self.0.lock();
        state.capacity = Some(state.used() + bytes);
    }

    /// Has no room from the `calls`-th call from now on.
    pub(crate) fn fill_in(&self, calls: u64) {
        let mut state = self.0.lock();
        state.full_at = Some(state.calls + calls);
    }

    /// Has room again.
    pub(crate) fn make_room(&self) {
        let mut state = self.0.lock();
        state.capacity = None;
        state.full_at = None;
    }

    /// Makes the `syncs`-th sync of a file from now fail.
    pub(crate) fn fail_sync_in(&self, syncs: u64) {
        let mut state = self.0.lock();
        state.fail_sync_at = Some(state.syncs + syncs);
    }

    /// Comes back after a crash (or a clean stop, if nothing was left unsynced) with what survived.
    pub(crate) fn restart(&self) {
        self.lose_unsynced();
        self.restart_process();
    }

    /// Comes back after the process alone died: what was written is there, synced or not.
    pub(crate) fn restart_process(&self) {
        let mut state = self.0.lock();
        state.locks.clear();
        state.life += 1;
        state.calls = 0;
        state.crash_at = None;
        state.is_crashed = false;
        state.on_crash = None;
        state.capacity = None;
        state.full_at = None;
        state.fail_sync_at = None;
    }

    fn lose_unsynced(&self) {
        let mut state = self.0.lock();
        let State {
            rng,
            inodes,
            names,
            durable_names,
            changes,
            ..
        } = &mut *state;
        inodes.iter_mut().for_each(|inode| inode.crash(rng));
        let keep_all_until = rng.random_range(0..=changes.len());
        let keep_some_after = rng.random_bool(0.5);
        for (number, change) in changes.drain(..).enumerate() {
            if number < keep_all_until || keep_some_after && rng.random_bool(0.5) {
                change.apply(durable_names);
            }
        }
        *names = durable_names.clone();
    }

    /// Turns over one bit of a file, as a disk that ages.
    pub(crate) fn flip_bit(&self, path: &Path, offset: usize) {
        let mut state = self.0.lock();
        let inode = state.names[path];
        state.inodes[inode].data[offset] ^= 1;
    }

    /// Cuts a file, durably.
    pub(crate) fn cut(&self, path: &Path, length: usize) {
        let mut state = self.0.lock();
        let inode = state.names[path];
        let inode = &mut state.inodes[inode];
        inode.data.truncate(length);
        inode.synced = inode.synced.min(length);
    }

    fn file(&self, inode: usize, life: u32) -> Arc<dyn DiskFile> {
        Arc::new(SimFile {
            disk: self.clone(),
            inode,
            life,
        })
    }
}

impl State {
    /// Counts a call. `Ok(true)`: crash after doing it. `Err`: do nothing.
    fn step(&mut self) -> io::Result<bool> {
        if self.is_crashed {
            return Err(crashed());
        }
        self.calls += 1;
        if self.crash_at == Some(self.calls) {
            self.is_crashed = true;
            if let Some(stop) = &self.on_crash {
                stop();
            }
            return if self.rng.random_bool(0.5) {
                Ok(true)
            } else {
                Err(crashed())
            };
        }
        Ok(false)
    }

    fn change(&mut self, change: Change) -> io::Result<()> {
        let is_last = self.step()?;
        change.apply(&mut self.names);
        self.changes.push(change);
        if is_last { Err(crashed()) } else { Ok(()) }
    }

    fn free(&self) -> u64 {
        match self.capacity {
            _ if self.is_full() => 0,
            Some(capacity) => capacity.saturating_sub(self.used()),
            None => u64::MAX,
        }
    }

    fn is_full(&self) -> bool {
        self.full_at.is_some_and(|call| self.calls >= call)
    }

    fn used(&self) -> u64 {
        let used: usize = self
            .names
            .values()
            .map(|&inode| self.inodes[inode].data.len())
            .sum();
        used as u64
    }
}

impl Inode {
    fn crash(&mut self, rng: &mut StdRng) {
        let cut = std::mem::take(&mut self.cut);
        if rng.random_bool(0.5) {
            self.data.extend_from_slice(&cut);
            self.synced = self.data.len();
        }
        let kept = if rng.random_bool(0.3) {
            self.data.len()
        } else {
            rng.random_range(self.synced..=self.data.len())
        };
        let kept = kept.min(self.lost_from.unwrap_or(usize::MAX));
        self.data.truncate(kept);
        if kept > self.synced && rng.random_bool(0.3) {
            // Pages reach a disk in any order: one is missing before others that are there.
            let hole = rng.random_range(self.synced..kept);
            let end = (hole / 512 * 512 + 512).min(kept);
            self.data[hole..end].fill(0);
        }
        self.synced = kept;
        self.lost_from = None;
    }
}

impl Change {
    fn dir(&self) -> Option<&Path> {
        match self {
            Self::Link(path, _) | Self::Unlink(path) | Self::Rename(path, _) => path.parent(),
        }
    }

    fn apply(&self, names: &mut BTreeMap<PathBuf, usize>) {
        match self {
            Self::Link(path, inode) => {
                names.insert(path.clone(), *inode);
            }
            Self::Unlink(path) => {
                names.remove(path);
            }
            Self::Rename(from, to) => {
                if let Some(inode) = names.remove(from) {
                    names.insert(to.clone(), inode);
                }
            }
        }
    }
}

impl Mount {
    /// The state, for a call of a process that still runs.
    fn state(&self) -> io::Result<MutexGuard<'_, State>> {
        let state = self.disk.0.lock();
        if state.life == self.life {
            Ok(state)
        } else {
            Err(crashed())
        }
    }
}

impl Disk for Mount {
    fn create_dir(&self, _dir: &Path) -> io::Result<()> {
        self.state()?.step().map(|_| ())
    }

    fn list(&self, dir: &Path) -> io::Result<Vec<String>> {
        let mut state = self.state()?;
        state.step()?;
        Ok(state
            .names
            .keys()
            .filter(|path| path.parent() == Some(dir))
            .filter_map(|path| Some(path.file_name()?.to_str()?.to_owned()))
            .collect())
    }

    fn create(&self, path: &Path) -> io::Result<Arc<dyn DiskFile>> {
        let mut state = self.state()?;
        if state.is_full() {
            state.step()?;
            return Err(ErrorKind::StorageFull.into());
        }
        let inode = state.inodes.len();
        state.inodes.push(Inode::default());
        state.change(Change::Link(path.to_owned(), inode))?;
        Ok(self.disk.file(inode, state.life))
    }

    fn open(&self, path: &Path) -> io::Result<Arc<dyn DiskFile>> {
        let mut state = self.state()?;
        state.step()?;
        let inode = *state.names.get(path).ok_or(ErrorKind::NotFound)?;
        Ok(self.disk.file(inode, state.life))
    }

    fn rename(&self, from: &Path, to: &Path) -> io::Result<()> {
        let mut state = self.state()?;
        if !state.names.contains_key(from) {
            return Err(ErrorKind::NotFound.into());
        }
        state.change(Change::Rename(from.to_owned(), to.to_owned()))
    }

    fn remove(&self, path: &Path) -> io::Result<()> {
        let mut state = self.state()?;
        if !state.names.contains_key(path) {
            return Err(ErrorKind::NotFound.into());
        }
        state.change(Change::Unlink(path.to_owned()))
    }

    fn sync_dir(&self, dir: &Path) -> io::Result<()> {
        let mut state = self.state()?;
        let is_last = state.step()?;
        let changes = std::mem::take(&mut state.changes);
        for change in changes {
            if change.dir() == Some(dir) {
                change.apply(&mut state.durable_names);
            } else {
                state.changes.push(change);
            }
        }
        if is_last { Err(crashed()) } else { Ok(()) }
    }

    fn free_bytes(&self, _dir: &Path) -> io::Result<u64> {
        Ok(self.state()?.free())
    }

    fn lock(&self, path: &Path) -> io::Result<Box<dyn Any + Send + Sync>> {
        let mut state = self.state()?;
        state.step()?;
        if state.locks.iter().any(|held| held == path) {
            return Err(ErrorKind::WouldBlock.into());
        }
        state.locks.push(path.to_owned());
        Ok(Box::new(SimLock {
            disk: self.disk.clone(),
            path: path.to_owned(),
            life: state.life,
        }))
    }
}

impl DiskFile for SimFile {
    fn append(&self, bytes: &[u8]) -> io::Result<()> {
        let mut state = self.disk.0.lock();
        let is_last = self.step(&mut state)?;
        let fitting = if state.is_full() && !bytes.is_empty() {
            // Some of it may fit, as on a disk that others write to as well.
            state.rng.random_range(0..bytes.len())
        } else {
            bytes.len().min(usize::try_from(state.free()).unwrap())
        };
        state.inodes[self.inode]
            .data
            .extend_from_slice(&bytes[..fitting]);
        if is_last {
            return Err(crashed());
        }
        if fitting < bytes.len() {
            return Err(ErrorKind::StorageFull.into());
        }
        Ok(())
    }

    fn sync(&self) -> io::Result<()> {
        let mut state = self.disk.0.lock();
        let is_last = self.step(&mut state)?;
        state.syncs += 1;
        let is_failing = state.fail_sync_at == Some(state.syncs);
        let inode = &mut state.inodes[self.inode];
        if is_failing {
            inode.lost_from.get_or_insert(inode.synced);
            return Err(io::Error::other("the disk could not write"));
        }
        inode.synced = inode.data.len();
        inode.cut.clear();
        if is_last { Err(crashed()) } else { Ok(()) }
    }

    fn read_at(&self, offset: u64, buffer: &mut [u8]) -> io::Result<()> {
        let mut state = self.disk.0.lock();
        self.step(&mut state)?;
        let offset = usize::try_from(offset).unwrap();
        let bytes = state.inodes[self.inode]
            .data
            .get(offset..offset + buffer.len())
            .ok_or(ErrorKind::UnexpectedEof)?;
        buffer.copy_from_slice(bytes);
        Ok(())
    }

    fn length(&self) -> io::Result<u64> {
        let mut state = self.disk.0.lock();
        self.step(&mut state)?;
        Ok(state.inodes[self.inode].data.len() as u64)
    }

    fn truncate(&self, length: u64) -> io::Result<()> {
        let mut state = self.disk.0.lock();
        let is_last = self.step(&mut state)?;
        let inode = &mut state.inodes[self.inode];
        let length = usize::try_from(length).unwrap();
        let mut cut = inode.data.split_off(length.min(inode.data.len()));
        cut.extend_from_slice(&inode.cut);
        inode.cut = cut;
        inode.synced = inode.synced.min(length);
        if is_last { Err(crashed()) } else { Ok(()) }
    }
}

impl SimFile {
    fn step(&self, state: &mut State) -> io::Result<bool> {
        if self.life != state.life {
            return Err(crashed());
        }
        state.step()
    }
}

impl Drop for SimLock {
    fn drop(&mut self) {
        let mut state = self.disk.0.lock();
        if state.life == self.life {
            state.locks.retain(|held| *held != self.path);
        }
    }
}

impl std::fmt::Debug for Mount {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.write_str("Mount")
    }
}

impl std::fmt::Debug for SimFile {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.write_str("SimFile")
    }
}

fn crashed() -> io::Error {
    io::Error::other("the machine has stopped")
}
