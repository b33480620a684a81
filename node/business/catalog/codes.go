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
