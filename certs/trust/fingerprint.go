package trust

import (
	"fmt"
	"strings"
)

// Fingerprint returns the text that two people compare over the telephone: the first 12 bytes of
// the pinned hash, as 6 groups of 4 hexadecimal digits, such as "9F86 D081 884C 7D65 9A2F EAA0". It
// is infeasible to make another key set with the same fingerprint.
func (p Pin) Fingerprint() string {
	var groups [6]string
	for i := range groups {
		groups[i] = fmt.Sprintf("%02X%02X", p.hash[2*i], p.hash[2*i+1])
	}
	return strings.Join(groups[:], " ")
}
