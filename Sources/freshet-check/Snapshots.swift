import Persistence

/// Checks the snapshot that a file starts with; returns where it ends.
func snapshotEnd(_ file: File) throws(PersistenceError) -> Int64 {
    throw PersistenceError("\(file.path): snapshots are not read")
}
