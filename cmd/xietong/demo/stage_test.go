package demo

import (
	"testing"

	"xietong/node"
	"xietong/node/ground/text"
)

// TestStages: every province of the country can be brought up: four different counties play the
// parts, two of them of one parent, no two places have one folder, and each is called by a name
// that nobody else in it has. In a branch, whoever is above a county runs too.
func TestStages(t *testing.T) {
	for _, code := range []string{
		"110000", "天津市", "河北", "shanxi", "内蒙古", "辽宁", "吉林", "黑龙江", "上海", "江苏", "浙江", "安徽", "福建", "江西", "山东", "河南",
		"湖北", "湖南", "广东省", "Guangxi", "海南", "重庆", "四川", "", "云南", "西藏", "陕西", "甘肃", "青海", "宁夏", "650000",
	} {
		s, err := stageOf(code)
		if err != nil {
			t.Errorf("%q: %v", code, err)
			continue
		}
		parts := map[string]bool{s.from: true, s.near: true, s.to: true, s.off: true}
		above := func(code string) string { parent, _ := s.place(code).Name.Parent(); return parent.String() }
		if len(parts) != 4 || above(s.from) != above(s.near) {
			t.Errorf("%q: %s, %s of one parent; %s and %s", code, s.from, s.near, s.to, s.off)
		}
		folders, called := map[string]bool{}, map[string]bool{}
		for _, p := range s.list {
			if folders[s.folder(p)] || called[s.called(p.Code)] {
				t.Errorf("%q: %s has the folder %s and is called %s, as another", code, p.Name, s.folder(p), s.called(p.Code))
			}
			folders[s.folder(p)], called[s.called(p.Code)] = true, true
		}
		s.branch = true
		runs := map[string]bool{}
		for _, p := range s.played() {
			runs[p.Name.String()] = true
			if parent, below := p.Name.Parent(); below && !runs[parent.String()] {
				t.Errorf("%q: %s runs, and its parent does not", code, p.Name)
			}
		}
		if len(runs) < 5 || len(runs) > 9 {
			t.Errorf("%q: %d nodes in the branch", code, len(runs))
		}
	}
}

// TestNoSuchProvince: what is none is refused with the list of those that there are.
func TestNoSuchProvince(t *testing.T) {
	for _, typed := range []string{"亚特兰蒂斯", "贵阳市", "china", "520102"} {
		_, err := stageOf(typed)
		if got := text.Explain(text.En, text.ProvinceUnknown, nil); err == nil {
			t.Errorf("%q: taken; want %s", typed, got.Title)
		}
	}
	if list, err := node.Province("贵州"); err != nil || len(list) != 98 {
		t.Errorf("贵州: %d places, %v", len(list), err)
	}
}
