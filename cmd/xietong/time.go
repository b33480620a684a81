package main

import "time"

// localTime shows a time of the wire on the reader's clock. What is no time is shown as it is.
func (a *app) localTime(s string) string {
	t, err := time.Parse(time.RFC3339, s)
	if err != nil {
		return s
	}
	return t.In(a.zone).Format("2006-01-02 15:04:05")
}
