module xietong

go 1.26.0

// v0.4.0 and v0.4.1 of raft-wal lose readable log after a follower truncates a conflicting suffix
// (hashicorp/raft-wal#31), and v0.4.0 is what the version lists offer first.
exclude (
	github.com/hashicorp/raft-wal v0.4.0
	github.com/hashicorp/raft-wal v0.4.1
)

// raft v1.8.0 asks for go-metrics v0.7.0, which dropped the compat package that raft-wal v0.4.2 imports.
replace github.com/hashicorp/go-metrics => github.com/hashicorp/go-metrics v0.6.1

require (
	github.com/fxamacker/cbor/v2 v2.10.0
	github.com/google/uuid v1.6.0
)

require github.com/x448/float16 v0.8.4 // indirect
