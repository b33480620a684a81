package neighbours

import (
	"time"

	"xietong/certs/identity"
	"xietong/node/ground/text"
)

// Alarm is what a person must look at, about one neighbour.
type Alarm struct {
	Code text.Code
	At   time.Time // of the last time

	logged time.Time
}

// Alarm keeps an alarm about a neighbour for status and tree, and logs it: the same one at most
// every hour.
func (t *Table) Alarm(about identity.Jurisdiction, code text.Code, err error) {
	now := t.now()
	t.mu.Lock()
	before := t.alarms[about]
	due := before.Code != code || now.Sub(before.logged).Abs() >= alarmEvery
	if due {
		before.logged = now
	}
	t.alarms[about] = Alarm{code, now, before.logged}
	t.mu.Unlock()
	if due {
		t.logger.Error("neighbour needs a look", "peer", about.String(), "code", string(code), "error", err)
	}
}

// alarmEvery is how often the same alarm is logged, at most.
const alarmEvery = time.Hour

// Alarmed returns the last alarm about a neighbour; false: there was none, or it is over.
func (t *Table) Alarmed(about identity.Jurisdiction) (Alarm, bool) {
	t.mu.RLock()
	defer t.mu.RUnlock()
	a, ok := t.alarms[about]
	return a, ok
}

// Over ends the alarm about a neighbour.
func (t *Table) Over(about identity.Jurisdiction) {
	t.mu.Lock()
	defer t.mu.Unlock()
	delete(t.alarms, about)
}

// AllOver ends all alarms, and returns how many there were.
func (t *Table) AllOver() int {
	t.mu.Lock()
	defer t.mu.Unlock()
	ended := len(t.alarms)
	clear(t.alarms)
	return ended
}
