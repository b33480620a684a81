package node

import (
	"errors"
	"strconv"

	"xietong/certs/paper"
	"xietong/certs/trust"
	"xietong/node/ground/text"
)

// Paper is a recovery key, whose private part is on paper alone.
type Paper = paper.Key

// The lists of words in which a paper is written.
const (
	PaperEnglish = paper.English
	PaperChinese = paper.Chinese
)

// MaxPaper is the longest input that ReadPaper takes, in bytes.
const MaxPaper = paper.MaxTyped

// NewPaper makes a recovery key.
func NewPaper() (*Paper, error) { return paper.New() }

// PaperFingerprint returns the text by which a person tells one paper from another.
func PaperFingerprint(p *Paper) string { return trust.RecoveryFingerprint(p.Public()) }

// SignRecovery returns the recovery statement for the key set that a pin names, signed with the
// paper of keys from before.
func SignRecovery(pin string, p *Paper) ([]byte, error) {
	of, err := trust.ParsePin(pin)
	if err != nil {
		return nil, err
	}
	return trust.SignRecovery(of, p.Sign)
}

// ReadPaper returns the recovery key that the words, or the text of a QR code, stand for. The error
// is text.RecoveryWord, RecoveryMixed, RecoveryCount or RecoveryWords, and repeats nothing of what
// was typed; whole is false where there may be more to come.
func ReadPaper(typed []byte) (p *Paper, whole bool, err error) {
	p, err = paper.Read(typed)
	if word, ok := errors.AsType[*paper.WordError](err); ok {
		code := text.RecoveryWord
		if word.Mixed {
			code = text.RecoveryMixed
		}
		return nil, true, text.Fail(code, text.Args{"place": strconv.Itoa(word.Place)}, nil)
	}
	if count, ok := errors.AsType[*paper.CountError](err); ok {
		return nil, count.Words > paper.Words, text.Fail(text.RecoveryCount, text.Args{"count": strconv.Itoa(count.Words)}, nil)
	}
	if err != nil {
		return nil, !errors.Is(err, paper.ErrCount), text.Fail(text.RecoveryWords, nil, nil)
	}
	return p, true, nil
}
