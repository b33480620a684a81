// Command chaos looks for what nobody thought of: it runs real processes of the program, three
// replicas of a jurisdiction and a child below it, has clients use all of them, and meanwhile
// kills, pauses, cuts off and fills up what chance says. Then it judges what the clients saw, and
// compares the ledgers. With -cuts it cuts the power instead, with -flips it changes bits of files.
//
// What must hold after each run, whatever was done: (1) what clients saw of each record is what one
// register would have shown (porcupine; Unknown counts as a failure); (2) every acknowledged write
// is in the ledger of every replica, once; (3) the replicas have one ledger, byte for byte, and
// every checkpoint that a client was given is the root of its first entries; (4) receipts that were
// given before a crash verify after it; (5) `ledger verify` finds nothing, on any replica.
//
// It never judges a time. Everything that is left to chance is drawn from the seed that it prints,
// but what the machine makes of it is another each time. It leaves nothing behind: its network
// namespaces, mounts and folders end with it.
package main
