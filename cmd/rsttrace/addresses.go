package main

import (
	"errors"
	"fmt"
	"net"
)

// addressesFlag is a list of addresses to listen at.
type addressesFlag struct{ listFlag }

// Type is part of pflag.Value.
func (a *addressesFlag) Type() string { return "address" }

// Set takes one address: a host may be left out, and a port may not.
func (a *addressesFlag) Set(text string) error {
	_, port, err := net.SplitHostPort(text)
	if err != nil || port == "" {
		return fmt.Errorf("%q is no address with a port: want one such as %s, or :10793 for all addresses", text, defaultAddress)
	}
	if _, err := net.LookupPort("tcp", port); err != nil {
		return fmt.Errorf("%q: there is no port %q", text, port)
	}
	return a.listFlag.Set(text)
}

// listen opens all addresses, or none.
func (a *addressesFlag) listen() (listeners []net.Listener, err error) {
	for _, address := range a.values {
		listener, err := listenAt(address)
		if err != nil {
			closeAll(listeners)
			return nil, fmt.Errorf("--web.listen-address %s: %w", address, errors.Unwrap(err))
		}
		listeners = append(listeners, listener)
	}
	return listeners, nil
}

// listenAt opens one address. The name localhost needs no list of hosts: a small system or an
// image may have none.
func listenAt(address string) (net.Listener, error) {
	listener, err := net.Listen("tcp", address)
	var unknown *net.DNSError
	if host, port, _ := net.SplitHostPort(address); host == "localhost" && errors.As(err, &unknown) {
		return net.Listen("tcp", net.JoinHostPort("127.0.0.1", port))
	}
	return listener, err
}

func closeAll(listeners []net.Listener) {
	for _, listener := range listeners {
		listener.Close()
	}
}
