#!/usr/bin/perl

# Tests for clients over TCP: frames, pipelining, half-close (RFC 7766).

use warnings;
use strict;

use Test::More;

use FindBin;
use lib "$FindBin::Bin/lib";
use Test::Nginx::DNS;
use Test::Nginx::DNS::Message qw/ encode decode /;
use Test::Nginx::DNS::Stream;

use Time::HiRes qw/ sleep /;

my $t = Test::Nginx::DNS->new()->plan(28);

$t->write_file('hosts', "192.0.2.9 host.test\n");

$t->write_stream(<<'EOF_CONF');
dns_cache_zone  zone=c:32m;

log_format  f  '$dns_qname $protocol $remote_addr $server_addr '
               '$dns_rcode $dns_cache_status $dns_response_size';
access_log  %%TESTDIR%%/dns.log f;

server {
    listen       127.0.0.1:%%PORT_8053%% udp;
    listen       127.0.0.1:%%PORT_8053%%;
    listen       unix:%%TESTDIR%%/dns.sock;
    dns_hosts    %%TESTDIR%%/hosts fallthrough;
    dns_forward  test 127.0.0.1:%%PORT_8081%%;
    dns_cache    c;
}
EOF_CONF

my $text = 'x' x 20000;

my $u = $t->upstream(8081, sub {
    my ($query) = @_;
    my $name = $query->{qname};

    return { tc => 1 } if !$query->{tcp} && $name =~ /^big/;

    return { answers => [ [ $query->{qname_raw}, 'TXT', 60, $text ] ] }
        if $name =~ /^big/;

    return { a => '192.0.2.1', delay => $name =~ /^slow/ ? 0.2 : 0 };
}, tcp => 1);

$t->run();

my $port = $t->port(8053);
my ($s, $r, @ids);

# one query

$s = dns_connect($port);
my $id = $s->send([ 'a.test', 'A' ]);
$r = $s->answer();
is($r->{id}, $id, 'id');
is($r->{answers}[0]{data}, '192.0.2.1', 'answer of a server');

$s->send([ 'a.test', 'A' ]);
is($s->answer()->{answers}[0]{data}, '192.0.2.1', 'from the cache, same one');

$s->send([ 'host.test', 'A' ]);
is($s->answer()->{answers}[0]{data}, '192.0.2.9', 'from hosts');

$s->send([ 'a.elsewhere', 'A' ]);
is($s->answer()->{rcode}, 'REFUSED', 'no zone');

is($u->count('a.test'), 1, 'asked once');

# the same octets as over UDP

for ([ 'a.test', 'A' ], [ 'host.test', 'A' ], [ 'host.test', 'AAAA' ],
     [ 'x.elsewhere', 'A', edns => { size => 1232 } ])
{
    my ($name, $type, @o) = @$_;
    my $query = encode(id => 7, flags => 0x0100, @o,
                       question => [ $name, $type ]);

    is(unpack('H*', dns_raw($port, $query, proto => 'tcp')),
       unpack('H*', dns_raw($port, $query)), "$name $type over UDP and TCP");
}

# several in one write, in any order

@ids = $s->send([ 'slow.test', 'A' ], [ 'a.test', 'A' ], [ 'fast.test', 'A' ]);
my @got = map { $s->answer()->{id} } 1 .. 3;
is("@got", "@ids[1, 2, 0]", 'answers as they come');

@ids = $s->send(map { [ 'a.test', 'A' ] } 1 .. 1000);
@got = map { my $r = $s->answer(); $r ? $r->{id} : 'none' } 1 .. 1000;
is("@got", "@ids", '1000 in one write');

# octet by octet

my $query = frame(encode(id => 77, flags => 0x0100,
                         question => [ 'a.test', 'A' ]));

for my $octet (split //, $query) {
    $s->write($octet);
    sleep 0.002;
}

is($s->answer()->{id}, 77, 'octet by octet');

$s->write($query . substr($query, 0, 1));
is($s->answer()->{id}, 77, 'one, and an octet of the next');
$s->write(substr($query, 1) . substr($query, 0, 20));
is($s->answer()->{id}, 77, 'the rest, and some of the next');
$s->write(substr($query, 20));
is($s->answer()->{id}, 77, 'the rest of that');

# long answers

dns_query($port, 'big.test', 'TXT');

$s->send([ 'big.test', 'TXT' ]);
$r = $s->answer();
is($r->{answers}[0]{data}, $text, 'long answer');
is($r->{tc}, 0, 'not cut');
is((grep { $_->{name} eq 'big.test' } $u->queries()), 2, 'from the cache');

is(dns_query($port, 'big.test', 'TXT', edns => 512)->{tc}, 1, 'cut over UDP');

$s->send(map { [ 'big.test', 'TXT' ] } 1 .. 30);
is((grep { my $r = $s->answer(); $r && $r->{answers}[0]{data} eq $text }
    1 .. 30), 30, 'many of them');

# a query too long to be looked at

$s->write(frame(encode(id => 9, flags => 0x0100, question => [ 'a.test', 'A' ],
                       additional => [ [ 'x', 'TXT', 0, 'y' x 9000 ] ])));
$r = $s->answer();
is($r->{rcode}, 'FORMERR', 'query of 9000 octets');
$s->write($query);
is($s->answer()->{id}, 77, 'and the next');

# half-close

$s->send([ 'slow2.test', 'A' ], [ 'a.test', 'A' ]);
$s->shutdown();
is((grep { $s->answer() } 1 .. 2), 2, 'answers after the client has ended');
ok($s->closed(), 'closed then');

# a Unix socket

SKIP: {
    my $unix = IO::Socket::UNIX->new($t->testdir() . '/dns.sock')
        or skip 'no socket', 1;

    $unix->syswrite($query);
    $unix->sysread(my $answer, 4096);
    is(decode(substr($answer, 2))->{answers}[0]{data}, '192.0.2.1',
       'over a Unix socket');
}

# log

$t->stop();

my $log = $t->read_file('dns.log');

like($log, qr/^a.test TCP 127.0.0.1 127.0.0.1 NOERROR MISS 40$/m, 'log');
like($log, qr/^host.test TCP 127.0.0.1 127.0.0.1 NOERROR HOSTS/m, 'hosts');
