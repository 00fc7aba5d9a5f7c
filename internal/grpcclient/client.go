package grpcclient

import (
	"bytes"
	"context"
	"encoding/binary"
	"errors"
	"fmt"
	"io"
	"net/http"
	"time"
)

const (
	// frameHead is before each message: whether it is compressed, and its length.
	frameHead = 5
	// receiveBuffer is what a server may send before it is read: the least that
	// net/http takes.
	receiveBuffer = 64 << 10
	// writeTimeout is how long a server may read nothing.
	writeTimeout = 2 * time.Second
	// wordsMax bounds what an error has of the server's own words.
	wordsMax = 200
)

// Values of grpc-status.
const (
	statusOK            = "0"
	statusUnimplemented = "12"
)

// ErrUnimplemented is the error of a server that does not have the method.
var ErrUnimplemented = errors.New("it does not know this question")

// Client is for one server. It is for any number of goroutines.
type Client struct {
	http      *http.Client
	answerMax int
}

// New takes how to connect, without TLS. Answers may have answerMax bytes.
func New(transport *http.Transport, answerMax int) *Client {
	transport.Protocols = new(http.Protocols)
	transport.Protocols.SetUnencryptedHTTP2(true)
	transport.HTTP2 = &http.HTTP2Config{
		MaxReceiveBufferPerConnection: receiveBuffer, MaxReceiveBufferPerStream: receiveBuffer, WriteByteTimeout: writeTimeout,
	}
	return &Client{answerMax: answerMax, http: &http.Client{
		Transport: transport,
		// A redirect is no answer.
		CheckRedirect: func(*http.Request, []*http.Request) error { return http.ErrUseLastResponse },
	}}
}

// Close ends the connections that nobody uses.
func (c *Client) Close() { c.http.CloseIdleConnections() }

// Call asks a method, as /runtime.v1.RuntimeService/Version, and returns its answer.
func (c *Client) Call(ctx context.Context, method string, question []byte) ([]byte, error) {
	request, err := http.NewRequestWithContext(ctx, http.MethodPost, "http://localhost"+method, bytes.NewReader(Frame(question)))
	if err != nil {
		return nil, err
	}
	request.Header.Set("Content-Type", "application/grpc")
	request.Header.Set("Te", "trailers")
	response, err := c.http.Do(request)
	if err != nil {
		return nil, err
	}
	defer response.Body.Close()
	return c.read(response)
}

// read reads one message. The trailers are there when the body has been read.
func (c *Client) read(response *http.Response) ([]byte, error) {
	if response.StatusCode != http.StatusOK {
		return nil, errors.New(response.Status)
	}
	body, err := io.ReadAll(io.LimitReader(response.Body, int64(frameHead+c.answerMax+1)))
	if err != nil {
		return nil, err
	}
	if len(body) > frameHead+c.answerMax {
		return nil, fmt.Errorf("an answer of more than %d bytes", c.answerMax)
	}
	end := response.Trailer
	if end.Get("Grpc-Status") == "" {
		end = response.Header // an error without a message has no trailers
	}
	switch status := end.Get("Grpc-Status"); status {
	case statusOK:
		return Unframe(body)
	case statusUnimplemented:
		return nil, ErrUnimplemented
	default:
		return nil, fmt.Errorf("grpc-status %.*q: %.*q", wordsMax, status, wordsMax, end.Get("Grpc-Message"))
	}
}

// Frame is how a message is sent.
func Frame(message []byte) []byte {
	head := make([]byte, frameHead, frameHead+len(message))
	binary.BigEndian.PutUint32(head[1:], uint32(len(message)))
	return append(head, message...)
}

// Unframe is the only message of a body.
func Unframe(body []byte) ([]byte, error) {
	if len(body) < frameHead {
		return nil, errors.New("no message")
	}
	if body[0] != 0 {
		return nil, errors.New("a compressed message, which nobody has asked for")
	}
	if length := binary.BigEndian.Uint32(body[1:]); uint64(length) != uint64(len(body)-frameHead) {
		return nil, fmt.Errorf("%d bytes, where the message has %d", len(body)-frameHead, length)
	}
	return body[frameHead:], nil
}
