// Package xietong is the root of the module and holds no code: the programs are under cmd, the
// floors of the house are certs, consensus, exchange and node, and docs/architecture.md is the
// guide.
//
// Its tests are the rules of the house, which hold for every file: the imports that each floor may
// have, the length of files and functions, the content of package comments, and the libraries with
// their places and reasons. A broken rule prints its reason. To change a rule, change its table,
// with a reason, and not the code around it.
package xietong
