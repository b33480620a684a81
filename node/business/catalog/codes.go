package catalog

import "xietong/consensus/state"

// codes returns the codes of all datasets.
func codes(r *state.Reader) (all []string) {
	r.Scan(catalogue.Name, nil, nil, func(key, _ []byte) bool {
		all = append(all, string(key))
		return true
	})
	return all
}

// Codes returns the codes of all datasets of the jurisdiction, and of the standards that it has
// set.
func Codes(r *state.Reader) (all []string, err error) {
	all = codes(r)
	standards, err := Standards(r)
	for _, s := range standards {
		all = append(all, s.Code.String())
	}
	return all, err
}
