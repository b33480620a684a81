package neighbours

import (
	"context"
	"time"

	"xietong/node/tree/door"
)

// pause returns how long it takes until the news of neighbours may be followed; false: there are
// none.
func (u *Upkeep) pause() (time.Duration, bool) {
	u.mu.Lock()
	defer u.mu.Unlock()
	return toldEvery - u.table.now().Sub(u.followed).Abs(), u.told
}

// follow has the jurisdiction present itself in this round where there are news that may be
// followed.
func (u *Upkeep) follow() {
	pause, told := u.pause()
	if !told || pause > 0 {
		return
	}
	u.mu.Lock()
	defer u.mu.Unlock()
	u.told, u.followed = false, u.table.now()
	u.presented, u.vain = time.Time{}, 0
}

// Told has the jurisdiction present itself soon, because a neighbour told news of what stands above
// it. However often that happens, it is followed once in toldEvery.
func (u *Upkeep) Told() {
	u.mu.Lock()
	u.told = true
	u.mu.Unlock()
	select {
	case u.news <- struct{}{}:
	default:
	}
}

// roster looks after the roster; what did not come whole goes on soon.
func (u *Upkeep) roster(ctx context.Context, way door.Asker) (err error) {
	more := false
	if u.o.Roster != nil {
		more, err = u.o.Roster(ctx, way)
	}
	if more {
		u.Told()
	}
	return err
}
