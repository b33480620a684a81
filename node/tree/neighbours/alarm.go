package neighbours

import (
	"time"

	"xietong/certs/identity"
	"xietong/node/ground/text"
)

// Alarm is what a person must look at, about one neighbour.
type Alarm struct {
	Code text.Code
	At   time.Time
}

// Alarm keeps an alarm about a neighbour for status and tree, and logs it when it is a new one.
func (t *Table) Alarm(about identity.Jurisdiction, code text.Code, err error) {
	t.mu.Lock()
	before := t.alarms[about]
	t.alarms[about] = Alarm{code, t.now()}
	t.mu.Unlock()
	if before.Code != code || t.now().Sub(before.At) >= alarmEvery {
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
