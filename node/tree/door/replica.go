package door

import (
	"context"
	"fmt"
)

// AskReplica brings what a further replica shows at the door of its own jurisdiction, and returns
// what it is told.
func AskReplica(ctx context.Context, c Conn, body []byte) (told []byte, err error) {
	if err := ask(ctx, c, opReplica, body, &told); err != nil {
		return nil, fmt.Errorf("ask to be admitted: %w", err)
	}
	return told, nil
}
