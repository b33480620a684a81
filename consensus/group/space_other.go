//go:build !unix

package group

import "errors"

// freeSpace is not known on other systems, on which no node runs.
func freeSpace(string) (uint64, error) { return 0, errors.ErrUnsupported }
