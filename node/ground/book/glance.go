package book

import "context"

type glance struct{}

// Glance returns a context in which a view shows what this replica has, where the others cannot be
// asked. It is for whoever must be answered while they are away, and is told so.
func Glance(ctx context.Context) context.Context { return context.WithValue(ctx, glance{}, true) }

// Glances reports whether the context is one of Glance.
func Glances(ctx context.Context) bool { return ctx.Value(glance{}) != nil }
