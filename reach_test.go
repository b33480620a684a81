package xietong_test

import (
	"bytes"
	"encoding/json"
	"errors"
	"go/ast"
	"go/importer"
	"go/parser"
	"go/token"
	"go/types"
	"io"
	"maps"
	"os"
	"os/exec"
	"path/filepath"
	"slices"
	"strings"
	"testing"
)

// listed is the output of `go list` for a package.
type listed struct {
	ImportPath, Dir, Export string
	GoFiles                 []string
	Module                  *struct{ Main bool }
	Error                   *struct{ Err string }
}

// checkedModule is the type-checked source of the house; other packages are known by their exported
// types only.
type checkedModule struct {
	files    *token.FileSet
	list     map[string]listed
	packages map[string]*types.Package
	syntax   map[string][]*ast.File
	info     *types.Info
	bodies   map[*types.Func]*ast.FuncDecl
	initials map[*types.Var]ast.Expr
	outside  types.Importer
}

func checkModule(t *testing.T, patterns ...string) *checkedModule {
	t.Helper()
	args := append([]string{"list", "-export", "-deps", "-json=ImportPath,Dir,Export,GoFiles,Module,Error"}, patterns...)
	out, err := exec.Command("go", args...).Output()
	if err != nil {
		if exit, ok := errors.AsType[*exec.ExitError](err); ok {
			err = errors.Join(err, errors.New(string(exit.Stderr)))
		}
		t.Fatalf("list packages: %v", err)
	}
	m := &checkedModule{
		files: token.NewFileSet(), list: map[string]listed{}, packages: map[string]*types.Package{},
		syntax: map[string][]*ast.File{}, bodies: map[*types.Func]*ast.FuncDecl{}, initials: map[*types.Var]ast.Expr{},
		info: &types.Info{
			Types: map[ast.Expr]types.TypeAndValue{}, Uses: map[*ast.Ident]types.Object{}, Defs: map[*ast.Ident]types.Object{},
		},
	}
	for d := json.NewDecoder(bytes.NewReader(out)); ; {
		var p listed
		if err := d.Decode(&p); errors.Is(err, io.EOF) {
			break
		} else if err != nil {
			t.Fatal(err)
		}
		m.list[p.ImportPath] = p
	}
	m.outside = importer.ForCompiler(m.files, "gc", func(path string) (io.ReadCloser, error) { return os.Open(m.list[path].Export) })
	for path, p := range m.list {
		if p.Module != nil && p.Module.Main {
			if _, err := m.Import(path); err != nil {
				t.Fatalf("check types: %v", err)
			}
		}
	}
	return m
}

// Import implements types.Importer: a package of the house comes from its source, once.
func (m *checkedModule) Import(path string) (*types.Package, error) {
	p := m.list[path]
	if p.Module == nil || !p.Module.Main {
		return m.outside.Import(path)
	}
	if done := m.packages[path]; done != nil {
		return done, nil
	}
	for _, name := range p.GoFiles {
		f, err := parser.ParseFile(m.files, filepath.Join(p.Dir, name), nil, parser.ParseComments|parser.SkipObjectResolution)
		if err != nil {
			return nil, err
		}
		m.syntax[path] = append(m.syntax[path], f)
	}
	checked, err := (&types.Config{Importer: m}).Check(path, m.files, m.syntax[path], m.info)
	if err != nil {
		return nil, err
	}
	m.packages[path] = checked
	m.index(path)
	return checked, nil
}

// index records the bodies of functions and the first values of variables.
func (m *checkedModule) index(path string) {
	for _, f := range m.syntax[path] {
		for _, decl := range f.Decls {
			switch d := decl.(type) {
			case *ast.FuncDecl:
				if fn, ok := m.info.Defs[d.Name].(*types.Func); ok && d.Body != nil {
					m.bodies[fn] = d
				}
			case *ast.GenDecl:
				for _, spec := range d.Specs {
					v, ok := spec.(*ast.ValueSpec)
					for i := 0; ok && i < len(v.Names) && len(v.Values) > 0; i++ {
						if name, ok := m.info.Defs[v.Names[i]].(*types.Var); ok {
							m.initials[name] = v.Values[min(i, len(v.Values)-1)]
						}
					}
				}
			}
		}
	}
}

// reach walks the code that Apply can reach. Every function that a function names counts as called.
type reach struct {
	*checkedModule
	seen  map[types.Object]bool
	rooms map[string]bool
	queue []func()
	found func(at token.Pos, broken string)
}

// registering are the functions that take a handler as their last argument.
var registering = []string{
	"(*xietong/consensus/state.Registry).Register",
	"(xietong/node/ground/book.Command[B, R]).Handle", "(xietong/node/ground/book.Command[B, R]).HandleOnce",
}

// registered walks from every handler that the package registers, and returns their number.
func (r *reach) registered(path string) (n int) {
	for _, f := range r.syntax[path] {
		ast.Inspect(f, func(node ast.Node) bool {
			call, ok := node.(*ast.CallExpr)
			if !ok || len(call.Args) == 0 {
				return true
			}
			sel, ok := call.Fun.(*ast.SelectorExpr)
			if !ok {
				return true
			}
			if fn, ok := r.info.Uses[sel.Sel].(*types.Func); ok && slices.Contains(registering, fn.Origin().FullName()) {
				n++
				r.walk(call.Args[len(call.Args)-1])
			}
			return true
		})
	}
	r.drain()
	return n
}

func (r *reach) drain() {
	for len(r.queue) > 0 {
		next := r.queue[0]
		r.queue = r.queue[1:]
		next()
	}
}

// named follows a use of a function or a variable.
func (r *reach) named(o types.Object, at token.Pos) {
	if o == nil || o.Pkg() == nil {
		return
	}
	switch o := o.(type) {
	case *types.Func:
		o = o.Origin()
		if r.packages[o.Pkg().Path()] != o.Pkg() {
			r.outsider(o, at)
			return
		}
		if iface, ok := receiver(o).(*types.Interface); ok {
			if !r.seen[o] { // a type that embeds the interface has the same method
				r.seen[o] = true
				r.implementations(iface, o.Name())
			}
			return
		}
		if body := r.bodies[o]; body != nil && !r.seen[o] {
			r.seen[o] = true
			r.enter(o.Pkg())
			r.queue = append(r.queue, func() { r.walk(body.Body) })
		}
	case *types.Var:
		if first := r.initials[o]; first != nil && !r.seen[o] {
			r.seen[o] = true
			r.queue = append(r.queue, func() { r.walk(first) })
		} else if first == nil && !o.IsField() {
			r.outsider(o, at)
		}
	}
}

// receiver returns the underlying type of a method's receiver, or nil.
func receiver(fn *types.Func) types.Type {
	if recv := fn.Signature().Recv(); recv != nil {
		return recv.Type().Underlying()
	}
	return nil
}

// enter adds the methods that encoders call, for each package that is reached.
func (r *reach) enter(pkg *types.Package) {
	if r.rooms[pkg.Path()] {
		return
	}
	r.rooms[pkg.Path()] = true
	r.eachType(pkg, func(t types.Type) {
		for _, name := range codecs {
			r.method(t, name)
		}
	})
}

func (r *reach) implementations(iface *types.Interface, name string) {
	for _, path := range slices.Sorted(maps.Keys(r.packages)) {
		r.eachType(r.packages[path], func(t types.Type) {
			if types.Implements(t, iface) {
				r.method(t, name)
			}
		})
	}
}

func (r *reach) eachType(pkg *types.Package, each func(types.Type)) {
	for _, name := range pkg.Scope().Names() {
		if t, ok := pkg.Scope().Lookup(name).(*types.TypeName); ok && !t.IsAlias() && !types.IsInterface(t.Type()) {
			each(types.NewPointer(t.Type()))
		}
	}
}

func (r *reach) method(t types.Type, name string) {
	for m := range types.NewMethodSet(t).Methods() {
		if m.Obj().Name() == name {
			r.named(m.Obj(), m.Obj().Pos())
		}
	}
}

// outsider judges a use of another module's or the standard library's code.
func (r *reach) outsider(o types.Object, at token.Pos) {
	path, name := o.Pkg().Path(), o.Name()
	if fn, ok := o.(*types.Func); ok && fn.Signature().Recv() != nil {
		if named, ok := types.Unalias(fn.Signature().Recv().Type()).(*types.Named); ok {
			name = named.Obj().Name() + "." + name
		}
	}
	full := path + "." + name
	if what := decidingNames[full]; what != "" {
		r.found(at, full+": "+what)
	} else if r.packages[path] == nil && within(path, deciding...) {
		r.found(at, full)
	}
}

// walk looks at every node below n.
func (r *reach) walk(n ast.Node) {
	ast.Inspect(n, func(n ast.Node) bool {
		switch n := n.(type) {
		case *ast.Ident:
			r.named(r.info.Uses[n], n.Pos())
		case *ast.GoStmt:
			r.found(n.Pos(), "a goroutine")
		case *ast.SelectStmt:
			r.found(n.Pos(), "a select")
		case *ast.SendStmt:
			r.found(n.Pos(), "a channel")
		case *ast.RangeStmt:
			r.ranged(n)
		case *ast.AssignStmt:
			if n.Tok != token.ASSIGN && n.Tok != token.DEFINE && r.isFloat(n.Lhs[0]) {
				r.found(n.Pos(), "floating point")
			}
		case ast.Expr:
			r.expression(n)
		}
		return true
	})
}

func (r *reach) expression(e ast.Expr) {
	parts := []ast.Expr{e}
	switch e := e.(type) {
	case *ast.BinaryExpr:
		parts = []ast.Expr{e.X, e.Y}
	case *ast.CallExpr, *ast.UnaryExpr: // conversions are calls
	default:
		parts = nil // a float that is only handed to a setting of the database is no arithmetic
	}
	if slices.ContainsFunc(parts, r.isFloat) {
		r.found(e.Pos(), "floating point")
	}
	if tv, ok := r.info.Types[e]; ok && tv.IsValue() {
		if _, ok := tv.Type.Underlying().(*types.Chan); ok {
			r.found(e.Pos(), "a channel")
		}
	}
}

func (r *reach) isFloat(e ast.Expr) bool {
	tv, ok := r.info.Types[e]
	if !ok || !tv.IsValue() || tv.Value != nil {
		return false
	}
	t, ok := tv.Type.Underlying().(*types.Basic)
	return ok && t.Info()&(types.IsFloat|types.IsComplex) != 0
}

// ranged reports loops over maps, which have no fixed order. It accepts a loop with a comment that
// contains "order", which should say why the order does not matter.
func (r *reach) ranged(n *ast.RangeStmt) {
	tv, ok := r.info.Types[n.X]
	if !ok {
		return
	}
	if _, ok := tv.Type.Underlying().(*types.Map); !ok {
		return
	}
	line := r.files.Position(n.Pos()).Line
	for _, f := range r.syntax[r.packageAt(n.Pos())] {
		if n.Pos() < f.Pos() || n.Pos() > f.End() {
			continue
		}
		for _, c := range f.Comments {
			from, to := r.files.Position(c.Pos()).Line, r.files.Position(c.End()).Line
			if (to == line-1 || from == line) && strings.Contains(c.Text(), "order") {
				return
			}
		}
	}
	r.found(n.Pos(), "the order of a map")
}

func (r *reach) packageAt(pos token.Pos) string {
	for path, files := range r.syntax {
		if slices.ContainsFunc(files, func(f *ast.File) bool { return f.FileStart <= pos && pos <= f.FileEnd }) {
			return path
		}
	}
	return ""
}

func newReach(m *checkedModule, found func(token.Pos, string)) *reach {
	return &reach{checkedModule: m, seen: map[types.Object]bool{}, rooms: map[string]bool{}, found: found}
}
