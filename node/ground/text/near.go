package text

import (
	"cmp"
	"slices"
	"strings"
)

// Near is a place that a typed text may mean.
type Near struct {
	Called string // what people call it
	Parent string // what people call the place above it; "": there is none
	Code   string // may be ""
	Name   string // its whole name
}

// NearAll returns places as one value of a sentence, such as 南明区/贵阳市/520102/nanming.guiyang.
func NearAll(places []Near) string {
	clean := strings.NewReplacer("/", " ", ", ", " ")
	all := make([]string, len(places))
	for i, p := range places {
		all[i] = strings.Join([]string{clean.Replace(p.Called), clean.Replace(p.Parent), clean.Replace(p.Code), p.Name}, "/")
	}
	return strings.Join(all, ", ")
}

// nearTold tells places in the language, so that each way of naming one can be typed:
// 南明区（贵阳市，520102，nanming.guiyang.guizhou）.
func nearTold(l Lang, value string) string {
	all := strings.Split(value, ", ")
	for i, one := range all {
		p := strings.Split(one, "/")
		if len(p) != 4 {
			continue
		}
		var known []string
		for _, part := range p[1:] {
			if part != "" {
				known = append(known, part)
			}
		}
		all[i] = p[0] + l.pick("（", " (") + strings.Join(known, l.pick("，", ", ")) + l.pick("）", ")")
	}
	return strings.Join(all, l.pick("、", "; "))
}

// Distance returns how many characters must be inserted, removed or replaced to make b of a.
func Distance(a, b []rune) int {
	row := make([]int, len(b)+1)
	for j := range row {
		row[j] = j
	}
	for i := range a {
		diagonal := row[0]
		row[0] = i + 1
		for j := range b {
			replaced := diagonal
			if a[i] != b[j] {
				replaced++
			}
			diagonal = row[j+1]
			row[j+1] = min(replaced, row[j+1]+1, row[j]+1)
		}
	}
	return row[len(b)]
}

// maxNear is how many codes are told in place of one that there is not.
const maxNear = 3

// Nearest returns those of the codes that are spelled nearly as one, the nearest first, as one
// value of a sentence; "": none is. At most a third of its characters differ, or one begins the
// other.
func Nearest(code string, codes []string) string {
	far := func(other string) int {
		if strings.HasPrefix(other, code) || strings.HasPrefix(code, other) {
			return 1
		}
		return Distance([]rune(code), []rune(other))
	}
	near := slices.DeleteFunc(slices.Clone(codes), func(other string) bool { return far(other) > max(1, len(code)/3) })
	slices.SortStableFunc(near, func(a, b string) int { return cmp.Compare(far(a), far(b)) })
	return strings.Join(near[:min(len(near), maxNear)], ", ")
}
