package rows

import (
	"cmp"
	"encoding/json"
	"fmt"
	"maps"
	"slices"
	"strings"
	"unicode"
	"unicode/utf8"

	"xietong/node/ground/pattern"
	"xietong/node/ground/scalar"
)

// Limits of a schema, beside MaxNodes.
const (
	maxNodeDepth    = 32
	maxSchemaDepth  = 4 * maxNodeDepth // of its JSON, which bounds how deep its nodes are before references
	maxInstructions = 20_000           // of all its patterns
)

// What checking a record costs, in the units of MaxWork.
const (
	nodeWork = 20 // a value is met by a node
	textRate = 16 // bytes of a text that cost one more
)

// Rule is what a schema is beyond.
type Rule uint8

// The rules.
const (
	Keywords   Rule = iota + 1 // What is a keyword, or the value of one, that is not taken
	Names                      // What is the name of a field
	Patterns                   // What says why a pattern is not taken
	Size                       // What says in which way the schema is too large
	Formats                    // What is a format that is not taken
	Beside                     // What is a keyword and the type beside it, of which it says nothing
	Never                      // What are the keywords that leave no value
	TitleTwice                 // What are two fields and the title of both, a line each
)

// Unfit is the error of a schema that is beyond what is taken. It wraps ErrSchema.
type Unfit struct {
	Rule  Rule
	Where string // a path, such as properties/name
	What  string
}

func (u *Unfit) Error() string {
	says := map[Rule]string{
		Keywords: "the keyword %s is not taken", Names: "the name %s is no name of a field", Patterns: "the pattern: %s", Size: "it %s",
		Never: "no value is as %s says", TitleTwice: "two fields have one title: %q",
		Formats: "the format %s is not taken", Beside: "the keyword %s says nothing of values of the type beside it",
	}
	return fmt.Sprintf("%v: at %q: "+says[u.Rule], ErrSchema, u.Where, u.What)
}

func (u *Unfit) Unwrap() error { return ErrSchema }

// GoodName reports whether a field may have the name: 1 to MaxName letters, marks, digits or _ of
// any script, composed (Unicode NFC), of which the first is no digit and no mark.
func GoodName(name string) bool {
	first, _ := utf8.DecodeRuneInString(name)
	return name != "" && len(name) <= 4*MaxName && scalar.Composed(name) && utf8.RuneCountInString(name) <= MaxName &&
		first != utf8.RuneError && !unicode.IsDigit(first) && !unicode.IsMark(first) &&
		!strings.ContainsFunc(name, func(r rune) bool { return r != '_' && !unicode.In(r, unicode.Letter, unicode.Mark, unicode.Digit) })
}

// node is one node of a schema. It is an outline: it knows what checking a value costs, and not
// whether the value is good.
type node struct {
	size, depth int              // with all that it refers to, unfolded
	listed      int              // values in its enum and const
	pattern     *pattern.Pattern // or nil
	unique      bool
	format      bool
	same        []*node // which the same value meets: $ref, allOf, …
	prefix      []*node
	items       *node // or nil
	members     map[string]*node
	others      *node // for members that are not listed, or nil
	open        bool  // it says that there may be members that are not listed
	required    []string
}

// outliner makes the outline of a schema. Each definition has one node, however often it is
// referred to.
type outliner struct {
	definitions  map[string]any
	made         map[string]*node
	open         map[string]bool // definitions that are being made
	nodes        int
	instructions int // that patterns may still have
}

// outline checks that a schema is within what is taken, and returns its outline. It removes from
// the document what a schema may have that checks nothing. The error is an *Unfit.
func outline(doc any) (*node, error) {
	o := &outliner{made: map[string]*node{}, open: map[string]bool{}, instructions: maxInstructions}
	if top, ok := doc.(map[string]any); ok {
		if draft, ok := top["$schema"]; ok && draft != "https://json-schema.org/draft/2020-12/schema" {
			return nil, &Unfit{Keywords, "", fmt.Sprintf("$schema: %.100v", draft)}
		}
		delete(top, "$schema")
		delete(top, "$id") // nothing refers to it, as a reference goes to $defs
		o.definitions, _ = top["$defs"].(map[string]any)
	}
	root, err := o.node("", doc)
	for _, name := range slices.Sorted(maps.Keys(o.definitions)) {
		if err == nil && (utf8.RuneCountInString(name) > MaxName || strings.ContainsAny(name, "/~%")) {
			err = &Unfit{Keywords, "$defs", fmt.Sprintf("%.100q", name)}
		}
		if err == nil {
			_, err = o.definition("$defs/"+name, name)
		}
	}
	return root, err
}

// annotations are the keywords that check nothing.
var annotations = []string{"title", "description", "$comment", "default", "examples", "deprecated", "readOnly", "writeOnly"}

// node makes the node of a part of the schema.
func (o *outliner) node(where string, v any) (*node, error) {
	if o.nodes++; o.nodes > MaxNodes {
		return nil, &Unfit{Size, where, fmt.Sprintf("has more than %d nodes", MaxNodes)}
	}
	n := &node{size: 1, depth: 1}
	object, _ := v.(map[string]any) // anything else is refused by the metaschema
	for _, keyword := range slices.Sorted(maps.Keys(object)) {
		if slices.Contains(annotations, keyword) {
			delete(object, keyword)
			continue
		}
		if err := o.keyword(n, where, keyword, object[keyword]); err != nil {
			return nil, err
		}
	}
	if err := cmp.Or(heeded(where, object), meetable(where, object)); err != nil {
		return nil, err
	}
	switch {
	case n.size > MaxNodes:
		return nil, &Unfit{Size, where, fmt.Sprintf("has more than %d nodes, with its references unfolded", MaxNodes)}
	case n.depth > maxNodeDepth:
		return nil, &Unfit{Size, where, fmt.Sprintf("is nested more than %d deep, with its references unfolded", maxNodeDepth)}
	}
	return n, nil
}

// keyword adds one keyword to the node.
func (o *outliner) keyword(n *node, where, keyword string, v any) (err error) {
	at := strings.TrimPrefix(where+"/"+keyword, "/")
	switch keyword {
	case "type", "minimum", "maximum", "exclusiveMinimum", "exclusiveMaximum", "multipleOf":
	case "minLength", "maxLength", "minItems", "maxItems", "minProperties", "maxProperties":
		err = bound(where, keyword, v)
	case "uniqueItems":
		n.unique = v == true
	case "enum", "const":
		n.listed += count(v)
	case "required":
		n.required, err = required(at, v)
	case "format":
		n.format = true
		if name, ok := v.(string); ok && !slices.Contains(KnownFormats, name) {
			err = &Unfit{Formats, where, fmt.Sprintf("%.100s", name)}
		}
	case "pattern":
		text, _ := v.(string)
		if n.pattern, err = pattern.Compile(text, &o.instructions); err != nil {
			err = &Unfit{Patterns, where, err.Error()}
		}
	case "$ref":
		err = o.reference(n, where, v)
	case "properties":
		err = o.properties(n, at, v)
	case "additionalProperties":
		n.open = v != false
		n.others, err = o.under(n, at, v)
	case "items":
		n.items, err = o.under(n, at, v)
	case "prefixItems":
		n.prefix, err = o.list(n, at, v)
	case "allOf", "anyOf", "oneOf":
		var list []*node
		list, err = o.list(n, at, v)
		n.same = append(n.same, list...)
	case "not", "if", "then", "else":
		var child *node
		child, err = o.under(n, at, v)
		n.same = append(n.same, child)
	default:
		if keyword != "$defs" || where != "" { // outline goes through the definitions
			err = &Unfit{Keywords, where, fmt.Sprintf("%.100s", keyword)}
		}
	}
	return err
}

// KnownFormats are those that are taken: each is read once from left to right. The format regex is
// not among them, because it would compile what records hold.
var KnownFormats = []string{
	"date", "time", "date-time", "duration", "email", "hostname", "ipv4", "ipv6", "uri", "uri-reference", "iri", "iri-reference", "uuid",
	"json-pointer", "semver",
}

// reference adds what a $ref refers to.
func (o *outliner) reference(n *node, where string, v any) error {
	name, ok := strings.CutPrefix(fmt.Sprint(v), "#/$defs/")
	if _, known := o.definitions[name]; !ok || !known {
		return &Unfit{Keywords, where, fmt.Sprintf("$ref: %.100v (it may be #/$defs/NAME)", v)}
	}
	child, err := o.definition(where, name)
	if err == nil {
		n.same = append(n.same, child)
		n.holds(child)
	}
	return err
}

// definition returns the node of a definition.
func (o *outliner) definition(where, name string) (*node, error) {
	switch made := o.made[name]; {
	case made != nil:
		return made, nil
	case o.open[name]:
		return nil, &Unfit{Size, where, "goes in a circle through $defs/" + name}
	}
	o.open[name] = true
	n, err := o.node("$defs/"+name, o.definitions[name])
	if err == nil {
		o.made[name] = n
	}
	delete(o.open, name)
	return n, err
}

func (o *outliner) properties(n *node, at string, v any) (err error) {
	object, _ := v.(map[string]any)
	n.members = map[string]*node{}
	for _, name := range slices.Sorted(maps.Keys(object)) {
		if !GoodName(name) {
			return &Unfit{Names, at, fmt.Sprintf("%.100q", name)}
		}
		if n.members[name], err = o.under(n, at+"/"+name, object[name]); err != nil {
			return err
		}
	}
	return nil
}

func required(at string, v any) (all []string, err error) {
	names, _ := v.([]any)
	for _, name := range names {
		text, ok := name.(string)
		if ok && !GoodName(text) {
			return nil, &Unfit{Names, at, fmt.Sprintf("%.100q", text)}
		}
		all = append(all, text)
	}
	return all, nil
}

// list makes the nodes of a list below n.
func (o *outliner) list(n *node, at string, v any) (nodes []*node, err error) {
	list, _ := v.([]any)
	for i, item := range list {
		child, err := o.under(n, fmt.Sprintf("%s/%d", at, i), item)
		if err != nil {
			return nil, err
		}
		nodes = append(nodes, child)
	}
	return nodes, nil
}

// under makes a node below n.
func (o *outliner) under(n *node, at string, v any) (*node, error) {
	child, err := o.node(at, v)
	if err == nil {
		n.holds(child)
	}
	return child, err
}

func (n *node) holds(child *node) {
	n.size, n.depth = min(n.size+child.size, MaxNodes+1), max(n.depth, child.depth+1)
}

// count returns how many values a value has, itself included.
func count(v any) int {
	n := 1
	switch v := v.(type) {
	case []any:
		for _, item := range v {
			n += count(item)
		}
	case map[string]any:
		for _, item := range v {
			n += count(item)
		}
	}
	return n
}

// within reports whether checking the value costs no more than is left.
func (n *node) within(v any, left *pattern.Work) bool {
	if !left.Spend(n.cost(v)) {
		return false
	}
	for _, child := range n.same {
		if !child.within(v, left) {
			return false
		}
	}
	switch v := v.(type) {
	case []any:
		for i, item := range v {
			child := n.items
			if i < len(n.prefix) {
				child = n.prefix[i]
			}
			if child != nil && !child.within(item, left) {
				return false
			}
		}
	case map[string]any:
		for name, item := range v {
			child, listed := n.members[name]
			if !listed {
				child = n.others
			}
			if child != nil && !child.within(item, left) {
				return false
			}
		}
	}
	return true
}

// cost returns what the node itself costs at a value.
func (n *node) cost(v any) int {
	switch v := v.(type) {
	case string:
		cost := nodeWork + len(v)/textRate + n.listed
		if n.format {
			cost += len(v)
		}
		if n.pattern != nil {
			cost += n.pattern.Cost(v)
		}
		return cost
	case json.Number:
		return nodeWork * (1 + n.listed)
	case []any:
		cost := nodeWork * (1 + n.listed + len(v)/textRate)
		if n.unique && len(v) <= 20 {
			cost += nodeWork * count(v) * len(v) // each is compared with each
		} else if n.unique {
			cost += 2 * nodeWork * count(v)
		}
		return cost
	case map[string]any:
		return nodeWork * (1 + n.listed + len(v)/textRate)
	}
	return nodeWork + n.listed
}
