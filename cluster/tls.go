package cluster

import (
	"crypto/ecdsa"
	"crypto/elliptic"
	"crypto/rand"
	"crypto/tls"
	"crypto/x509"
	"crypto/x509/pkix"
	"fmt"
	"math/big"
	"net"
	"sync"
	"time"

	"google.golang.org/grpc/credentials"
	"google.golang.org/grpc/credentials/insecure"
)

// papers are the certificates of a cluster: each node shows its own at its
// port, and all trust the authority that signed them. Nil papers mean that the
// transport is not encrypted.
type papers struct {
	trust *x509.CertPool
	mu    sync.Mutex
	valid map[uint64]*tls.Certificate
	stale map[uint64]*tls.Certificate
	gone  map[uint64]int // whose certificate has expired, and how often it was said
}

func newPapers(ids []uint64) (*papers, error) {
	key, err := ecdsa.GenerateKey(elliptic.P256(), rand.Reader)
	if err != nil {
		return nil, err
	}
	now := time.Now()
	root := &x509.Certificate{
		SerialNumber: big.NewInt(1), Subject: pkix.Name{CommonName: "cluster authority"}, IsCA: true, BasicConstraintsValid: true,
		NotBefore: now.Add(-48 * time.Hour), NotAfter: now.Add(48 * time.Hour), KeyUsage: x509.KeyUsageCertSign,
	}
	der, err := x509.CreateCertificate(rand.Reader, root, root, &key.PublicKey, key)
	if err != nil {
		return nil, err
	}
	if root, err = x509.ParseCertificate(der); err != nil {
		return nil, err
	}
	p := &papers{trust: x509.NewCertPool(), valid: map[uint64]*tls.Certificate{}, stale: map[uint64]*tls.Certificate{}, gone: map[uint64]int{}}
	p.trust.AddCert(root)
	for i, id := range ids {
		leaf := &x509.Certificate{
			SerialNumber: big.NewInt(int64(i + 2)), Subject: pkix.Name{CommonName: fmt.Sprintf("node%d", id)},
			IPAddresses: []net.IP{net.IPv4(127, 0, 0, 1)}, KeyUsage: x509.KeyUsageDigitalSignature,
			ExtKeyUsage: []x509.ExtKeyUsage{x509.ExtKeyUsageServerAuth},
		}
		for _, kind := range []struct {
			list   map[uint64]*tls.Certificate
			expiry time.Time
		}{{p.valid, now.Add(24 * time.Hour)}, {p.stale, now.Add(-time.Minute)}} {
			leaf.NotBefore, leaf.NotAfter = now.Add(-24*time.Hour), kind.expiry
			der, err := x509.CreateCertificate(rand.Reader, leaf, root, &key.PublicKey, key)
			if err != nil {
				return nil, err
			}
			kind.list[id] = &tls.Certificate{Certificate: [][]byte{der}, PrivateKey: key}
		}
	}
	return p, nil
}

// expire lets the node show a certificate whose time is over, until the
// returned function is called.
func (p *papers) expire(id uint64) (undo func()) {
	change := func(by int) {
		p.mu.Lock()
		defer p.mu.Unlock()
		p.gone[id] += by
	}
	change(1)
	return func() { change(-1) }
}

// server is what the node shows at its port.
func (p *papers) server(id uint64) credentials.TransportCredentials {
	if p == nil {
		return insecure.NewCredentials()
	}
	return credentials.NewTLS(&tls.Config{
		MinVersion: tls.VersionTLS13,
		GetCertificate: func(*tls.ClientHelloInfo) (*tls.Certificate, error) {
			p.mu.Lock()
			defer p.mu.Unlock()
			if p.gone[id] > 0 {
				return p.stale[id], nil
			}
			return p.valid[id], nil
		},
	})
}

// client is how a node looks at its peers' certificates.
func (p *papers) client() credentials.TransportCredentials {
	if p == nil {
		return insecure.NewCredentials()
	}
	return credentials.NewTLS(&tls.Config{MinVersion: tls.VersionTLS13, RootCAs: p.trust, ServerName: "127.0.0.1"})
}
