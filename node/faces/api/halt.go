package api

import (
	"context"
	"os"

	"xietong/node/faces/client"
	"xietong/node/ground/text"
)

type stop struct {
	Caller
	Body client.Stop
}

// stop ends the whole node once this request, and those that are under way, are answered. It needs
// no choice of a jurisdiction, and refuses one that is not hosted.
func (s *server) stop(_ context.Context, in *stop) (*answer[client.Stopping], error) {
	_, err := in.key()
	if err == nil && in.Jurisdiction != "" {
		_, err = s.at(in.Caller)
	}
	if err == nil && !s.node.Stop() {
		err = text.Fail(text.NotStoppable, nil, nil)
	}
	if err != nil {
		return nil, s.refuse(in.Caller, err)
	}
	s.logger.Info("node stops", "cause", "asked by a client")
	return &answer[client.Stopping]{client.Stopping{PID: os.Getpid()}}, nil
}
