package identity

// Names travel in JSON, YAML and command lines as their text. A zero name has no text: marshalling
// writes it as "", for fields that may be absent, and unmarshalling refuses "".

// MarshalText returns the name.
func (l Label) MarshalText() ([]byte, error) { return []byte(l.String()), nil }

// MarshalText returns the name.
func (j Jurisdiction) MarshalText() ([]byte, error) { return []byte(j.String()), nil }

// MarshalText returns the SPIFFE ID.
func (a Agency) MarshalText() ([]byte, error) { return []byte(a.String()), nil }

// MarshalText returns the name.
func (r Replica) MarshalText() ([]byte, error) { return []byte(r.String()), nil }

// MarshalText returns the origin.
func (l Log) MarshalText() ([]byte, error) { return []byte(l.String()), nil }

// MarshalText returns the name.
func (e Entry) MarshalText() ([]byte, error) { return []byte(e.String()), nil }

// MarshalText returns the id.
func (m Message) MarshalText() ([]byte, error) { return []byte(m.String()), nil }

// UnmarshalText parses a label.
func (l *Label) UnmarshalText(b []byte) error { return into(l, b, ParseLabel) }

// UnmarshalText parses a jurisdiction's name.
func (j *Jurisdiction) UnmarshalText(b []byte) error { return into(j, b, ParseJurisdiction) }

// UnmarshalText parses an agency's SPIFFE ID.
func (a *Agency) UnmarshalText(b []byte) error { return into(a, b, ParseAgency) }

// UnmarshalText parses a replica's name.
func (r *Replica) UnmarshalText(b []byte) error { return into(r, b, ParseReplica) }

// UnmarshalText parses a log's origin.
func (l *Log) UnmarshalText(b []byte) error { return into(l, b, ParseLog) }

// UnmarshalText parses an entry's name.
func (e *Entry) UnmarshalText(b []byte) error { return into(e, b, ParseEntry) }

// UnmarshalText parses an id.
func (m *Message) UnmarshalText(b []byte) error { return into(m, b, ParseMessage) }

func into[T any](to *T, text []byte, parse func(string) (T, error)) error {
	v, err := parse(string(text))
	if err != nil {
		return err
	}
	*to = v
	return nil
}
