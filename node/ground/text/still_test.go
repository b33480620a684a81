package text

import "testing"

// TestAgencyStillHas (F46): a refusal to end an agency names what it has, and nothing that it has
// not.
func TestAgencyStillHas(t *testing.T) {
	for still, want := range map[string]string{
		"datasets: dibao, loans":                                     "部门 water 还有：在用的数据资源 dibao、loans；未作任何改动",
		"datasets: dibao; standards: count; grants that it holds: 2": "部门 water 还有：在用的数据资源 dibao；标准目录 count；所持共享权限（项）2；未作任何改动",
	} {
		if got := Explain(Zh, AgencyInUse, Args{"agency": "water", "still": still}).What; got != want {
			t.Errorf("got %s, want %s", got, want)
		}
		if got, want := Explain(En, AgencyInUse, Args{"agency": "water", "still": still}).What, "the agency water still has "+still+"; nothing was changed"; got != want {
			t.Errorf("got %s, want %s", got, want)
		}
	}
}
