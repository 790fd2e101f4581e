#!/usr/bin/perl

# Tests for dns_udp_proxy_protocol: PROXY protocol, version 2, over UDP.

use warnings;
use strict;

use Test::More;

use FindBin;
use lib "$FindBin::Bin/lib";
use Test::Nginx::DNS;
use Test::Nginx::DNS::Message qw/ encode decode /;
use Test::Nginx::DNS::Status;

use Socket qw/ inet_aton inet_pton AF_INET6 /;

my $t = Test::Nginx::DNS->new()->has(qw/ http /)->plan(23);

$t->write_file('hosts', "192.0.2.9 host.test\n");

$t->write_stream(<<'EOF_CONF', pages => 'metrics');
log_format  f  '$dns_qname $remote_addr $remote_port $dns_rcode $dns_error';
access_log  %%TESTDIR%%/dns.log f;

dns_upstream u {
    server        127.0.0.1:%%PORT_8081%%;
    health_check  off;
}

server {
    listen                  127.0.0.1:%%PORT_8053%% udp;
    listen                  *:%%PORT_8054%% udp;
    listen                  127.0.0.1:%%PORT_8053%%;
    dns_hosts               %%TESTDIR%%/hosts fallthrough;
    dns_forward             . u;
    dns_client_subnet       add;
    dns_udp_proxy_protocol  127.0.0.1 127.0.1.0/24;
    deny                    192.0.2.66;
}

server {
    listen       127.0.0.1:%%PORT_8055%% udp;
    dns_forward  . u;
}
EOF_CONF

my $u = $t->upstream(8081, sub { { a => '192.0.2.1', delay => 0.05 } });

$t->run();

my $port = $t->port(8053);
my $signature = "\r\n\r\n\0\r\nQUIT\n";

sub header {
    my ($addr, $more) = @_;

    my $v6 = $addr =~ /:/;
    my $pack = sub { $v6 ? inet_pton(AF_INET6, $_[0]) : inet_aton($_[0]) };
    my $addrs = $pack->($addr) . $pack->($v6 ? '::1' : '127.0.0.1')
                . pack('nn', 4444, 53) . ($more // '');

    return $signature . pack('CCn/a*', 0x21, $v6 ? 0x22 : 0x12, $addrs);
}

sub query {
    return encode(id => 7, flags => 0x0100, question => [ $_[0], 'A' ],
                  edns => 1232);
}

# the answer's address, rcode or "none"

sub asked {
    my ($at, $bytes, %o) = @_;

    my $r = dns_raw($at, $bytes, timeout => 0.5, %o) // return 'none';
    my $m = decode($r);

    return $m->{answers}[0] ? $m->{answers}[0]{data} : $m->{rcode};
}

sub dropped {
    total(metrics($t->port(8080)), 'nginx_dns_dropped_total',
          qr/reason="proxy"/);
}

is(asked($port, header('192.0.2.77') . query('host.test')), '192.0.2.9',
   'from hosts');
is(asked($port, header('192.0.2.77') . query('a.test')), '192.0.2.1',
   'of a server');
is(asked($port, header('2001:db8::7') . query('b.test')), '192.0.2.1', 'IPv6');
is(asked($port, header('192.0.2.77', 'x' x 40) . query('c.test')),
   '192.0.2.1', 'with options behind the addresses');
is(asked($port, header('192.0.2.77') . query('d.test'), from => '127.0.1.5'),
   '192.0.2.1', 'of a network');
is(asked($t->port(8054), header('192.0.2.78') . query('e.test'),
         addr => '127.0.0.3'), '192.0.2.1', 'on a wildcard');
is(asked($port, $signature . pack('CCn', 0x20, 0, 0) . query('local.test')),
   '192.0.2.1', 'LOCAL');
is(asked($port, header('192.0.2.66') . query('f.test')), 'REFUSED',
   'denied by its own address');

# who is told of a subnet

my ($q) = map { decode($_->{raw}) } grep { $_->{name} eq 'a.test' }
          $u->queries();
is(unpack('H*', $q->{edns}{options}[0][1]), '00011800c00002',
   'Client Subnet is that of the client');

# not so

for ([ 'without one', query('g.test') ],
     [ 'cut off', substr(header('192.0.2.77'), 0, 20) ],
     [ 'longer than the datagram', $signature
       . pack('CCn', 0x21, 0x12, 200) . query('h.test') ],
     [ 'too short for its addresses', $signature
       . pack('CCn/a*', 0x21, 0x22, 'x' x 12) . query('i.test') ],
     [ 'another version', $signature . pack('CCn', 0x31, 0x12, 0)
       . query('j.test') ])
{
    my $n = dropped();

    is(asked($port, $_->[1]), 'none', $_->[0]);
    is(dropped() - $n, 1, 'counted') if $_->[0] eq 'without one';
}

my $n = dropped();
is(asked($port, header('192.0.2.77') . query('k.test'), from => '127.0.0.9'),
   'none', 'of a proxy that is not trusted');
is(dropped() - $n, 1, 'counted');

is(asked($port, header('192.0.2.77')), 'none', 'nothing behind it');

# over TCP, and another server

is(asked($port, query('l.test'), proto => 'tcp'), '192.0.2.1', 'TCP has none');
is(asked($t->port(8055), query('m.test')), '192.0.2.1', 'nor has another server');

$t->stop();

my $log = $t->read_file('dns.log');

like($log, qr/^a.test 192.0.2.77 4444 NOERROR -$/m, 'log');
like($log, qr/^b.test 2001:db8::7 4444 NOERROR -$/m, 'log of IPv6');
like($log, qr/^- 127.0.0.9 \d+ \S* no valid PROXY protocol header$/m,
     'log of what was dropped');
