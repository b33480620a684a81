// Package disk is a file system in memory that loses what was not synced: a power cut that real
// processes meet. Linux mounts it through /dev/fuse, and only root may.
//
// A write, a truncation or a change of a folder is on the disk once fsync of that file, or of that
// folder, has returned. Cut drops what is not: all of it, or none, or what chance keeps, by sectors
// of 512 bytes and in any order between two fsyncs; of the changes of folders it keeps the first
// ones. This is less than most file systems keep, and all that POSIX promises: a new file that was
// synced is lost where its folder was not. A Fault makes a step fail, wait, or lie.
//
// Invariants: what fsync acknowledged survives every Cut, unless a Fault lied; nothing is
// acknowledged after Cut has begun; a map of a file (mmap) that is only read shows what was
// written.
//
// It never keeps anything beyond the process, checks no permissions, and is for tests alone.
package disk
