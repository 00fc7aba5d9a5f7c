package serve

import (
	"context"
	"errors"
	"fmt"
	"io/fs"
	"net"
	"net/http"
	"net/http/pprof"
	"os"
)

// ListenForProfiles opens a unix socket that only its owner can use. A profile shows what
// is in memory, so there is no other way to it.
func ListenForProfiles(path string) (net.Listener, error) {
	if info, err := os.Lstat(path); err == nil && info.Mode().Type() == fs.ModeSocket {
		if conn, err := net.Dial("unix", path); err == nil {
			conn.Close()
			return nil, fmt.Errorf("%s: somebody listens there already", path)
		}
		if err := os.Remove(path); err != nil {
			return nil, err
		}
	}
	listener, err := net.Listen("unix", path)
	if err != nil {
		return nil, err
	}
	const onlyOwner = 0o600
	if err := os.Chmod(path, onlyOwner); err != nil {
		return nil, errors.Join(err, listener.Close())
	}
	return listener, nil
}

// ServeProfiles answers with profiles until ctx ends: go tool pprof reads them.
func ServeProfiles(ctx context.Context, listener net.Listener) {
	mux := http.NewServeMux()
	mux.HandleFunc("/debug/pprof/", pprof.Index)
	mux.HandleFunc("/debug/pprof/profile", pprof.Profile)
	mux.HandleFunc("/debug/pprof/trace", pprof.Trace)
	server := newHTTPServer(mux)
	defer context.AfterFunc(ctx, func() { server.Close() })()
	_ = server.Serve(listener) // it ends when it is closed
}
