package main

import "syscall"

// errnosDamaged tell that a file system is damaged; here that is an error of the disk.
var errnosDamaged []syscall.Errno
