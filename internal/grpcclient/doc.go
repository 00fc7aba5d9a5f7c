// Package grpcclient calls methods of gRPC that have one question and one answer. Such a
// call is a POST in HTTP/2, so net/http does it, and rsttrace stays small: the library of
// gRPC is as large as a third of it.
//
// Messages are bytes. Who calls encodes and decodes them.
package grpcclient
