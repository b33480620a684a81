package main

import (
	"context"
	"errors"
	"fmt"
	"net"
	"net/url"
	"path/filepath"
	"strings"
	"sync/atomic"

	clientv3 "go.etcd.io/etcd/client/v3"
	"go.etcd.io/etcd/server/v3/embed"
	"go.etcd.io/etcd/server/v3/etcdserver/api/v3client"
)

// etcd is three members of etcd, and a client in the process of the one that leads.
type etcd struct {
	members []*embed.Etcd
	client  *clientv3.Client
	value   string
	keys    atomic.Uint64
}

func openEtcd(ctx context.Context, folder string, size int) (subject, error) {
	e := &etcd{value: strings.Repeat("0", size)}
	configs, err := etcdConfigs(folder)
	for i := 0; err == nil && i < len(configs); i++ {
		var m *embed.Etcd
		if m, err = embed.StartEtcd(configs[i]); err == nil {
			e.members = append(e.members, m)
		}
	}
	for _, m := range e.members {
		select {
		case <-m.Server.ReadyNotify():
		case <-ctx.Done():
			err = ctx.Err()
		}
	}
	if err != nil {
		return nil, errors.Join(err, e.close())
	}
	for _, m := range e.members {
		if m.Server.Leader() == m.Server.MemberID() {
			e.client = v3client.New(m.Server)
			return e, nil
		}
	}
	return nil, errors.Join(errors.New("no member leads"), e.close())
}

// etcdConfigs returns the configurations of three members, as they are by default but for the
// addresses, the log, and the limit of the file, which a long run would reach.
func etcdConfigs(folder string) (all []*embed.Config, err error) {
	var cluster []string
	for i := range replicas {
		peer, err := freeURL()
		if err != nil {
			return nil, err
		}
		client, err := freeURL()
		if err != nil {
			return nil, err
		}
		c := embed.NewConfig()
		c.Name, c.Dir = fmt.Sprintf("m%d", i+1), filepath.Join(folder, fmt.Sprintf("m%d", i+1))
		c.ListenPeerUrls, c.AdvertisePeerUrls = []url.URL{peer}, []url.URL{peer}
		c.ListenClientUrls, c.AdvertiseClientUrls = []url.URL{client}, []url.URL{client}
		c.LogLevel, c.QuotaBackendBytes = "fatal", 8<<30
		cluster, all = append(cluster, c.Name+"="+peer.String()), append(all, c)
	}
	for _, c := range all {
		c.InitialCluster = strings.Join(cluster, ",")
	}
	return all, nil
}

func (e *etcd) write(ctx context.Context, client int) error {
	_, err := e.client.Put(ctx, fmt.Sprintf("client-%d-%d", client, e.keys.Add(1)), e.value)
	return err
}

func (e *etcd) close() (err error) {
	if e.client != nil { // it always tells that its own context has ended
		if err = e.client.Close(); errors.Is(err, context.Canceled) {
			err = nil
		}
	}
	for _, m := range e.members {
		m.Close()
	}
	return err
}

func freeURL() (url.URL, error) {
	l, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		return url.URL{}, err
	}
	return url.URL{Scheme: "http", Host: l.Addr().String()}, l.Close()
}
