package group

import (
	"sync"

	"github.com/hashicorp/raft"
)

// pipeline ends itself after the first answer that is not a success. Raft stops taking answers
// then, and with the library's pipeline of two it may meanwhile send once more and wait for ever
// until an answer is taken: it would replicate nothing to that replica any more, and never stop.
type pipeline struct {
	raft.AppendPipeline
	answers chan raft.AppendFuture
	stop    chan struct{}
	once    sync.Once
	worker  sync.WaitGroup
}

func newPipeline(inner raft.AppendPipeline) *pipeline {
	p := &pipeline{AppendPipeline: inner, answers: make(chan raft.AppendFuture), stop: make(chan struct{})}
	p.worker.Go(p.pass)
	return p
}

// pass passes answers on.
func (p *pipeline) pass() {
	for {
		select {
		case f := <-p.AppendPipeline.Consumer():
			ends := !f.Response().Success || f.Response().Term > f.Request().Term
			select {
			case p.answers <- f:
			case <-p.stop:
				return
			}
			if ends {
				_ = p.AppendPipeline.Close() // it always returns nil
				return
			}
		case <-p.stop:
			return
		}
	}
}

// Consumer implements raft.AppendPipeline.
func (p *pipeline) Consumer() <-chan raft.AppendFuture { return p.answers }

// Close implements raft.AppendPipeline.
func (p *pipeline) Close() error {
	p.once.Do(func() { close(p.stop) })
	p.worker.Wait()
	return p.AppendPipeline.Close()
}
