package main

import (
	"context"
	"fmt"
	"math/rand/v2"
	"time"

	"xietong/node/faces/client"
)

// The permission of the child to ask is a register, too: whoever asks after a revocation was
// acknowledged is refused, by whatever replica, until that revocation is allowed.
const (
	grantKey = "grant"
	live     = "live"
	revoked  = "revoked"
)

// refusedForGrant are the codes by which the child is refused while its grant is revoked.
var refusedForGrant = map[string]bool{"grant-revoked": true, "no-grant-by-rule": true}

// grantUsed notes the grant under which the child's question ran.
func (c *crowd) grantUsed(name string) {
	c.mu.Lock()
	defer c.mu.Unlock()
	c.grant = name
}

// grantee revokes the child's grant and allows it again, for ever, through all machines.
func (c *crowd) grantee(ctx context.Context, id int) {
	chance := rand.New(rand.NewPCG(c.seed, uint64(id)+10))
	c.add(id, op{grantKey, live}, "", c.now(), true)
	for {
		pause(ctx, time.Duration(1000+chance.IntN(4000))*time.Millisecond)
		c.mu.Lock()
		grant := c.grant
		c.grant = ""
		c.mu.Unlock()
		if ctx.Err() != nil {
			return
		}
		if grant == "" { // the child asked for nothing since
			continue
		}
		if c.act(id, grant, "revocation", revoked) { // what is not allowed bars for ever
			pause(ctx, time.Duration(500+chance.IntN(2000))*time.Millisecond)
			c.act(id, grant, "allowance", live)
		}
	}
}

// act does something about a grant, and reports whether it may have been done.
func (c *crowd) act(id int, grant, what, value string) bool {
	call := c.now()
	by, sent := c.everywhere(id, fmt.Sprintf("/v1/grants/%s/%s", indexOf(grant), what), newKey(), client.Revocation{Reason: "chaos"}, nil)
	if by != nil || sent {
		c.add(id, op{grantKey, value}, "", call, by != nil, grant)
	}
	return by != nil || sent
}
