package text

import "strings"

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
