// Package xietong is the root of the module and holds no code: the programs are under cmd, the floors of the house are
// certs, consensus, exchange and node, and docs/architecture.md shows the way round.
//
// Its tests are the rules of the house, which hold for every file: which floor may import which, how long files and
// functions may be, what every package comment says, which libraries are used where and why. Each rule prints its reason
// when it is broken. Whoever wants another rule changes the table, with a reason, and not the code around it.
package xietong
