#!/usr/bin/perl

# Tests for dns_max_queries: more queries than that are refused at once.

use warnings;
use strict;

use Test::More;

use FindBin;
use lib "$FindBin::Bin/lib";
use Test::Nginx::DNS;

my $t = Test::Nginx::DNS->new()->plan(6);

$t->write_stream(<<'EOF_CONF');
log_format  f  '$dns_rcode "$dns_error" $status';

server {
    listen           127.0.0.1:%%PORT_8053%% udp;
    dns_forward      . 127.0.0.1:%%PORT_8081%%;
    dns_max_queries  20;
    access_log       %%TESTDIR%%/dns.log f;
}
EOF_CONF

my $u = $t->upstream(8081, sub { { a => '192.0.2.1', delay => 0.3 } });

$t->run();

my $port = $t->port(8053);
my $slow = 0;

my $r = dns_bulk($port, 50, window => 50, each => sub {
    $slow++ if $_[1] eq 'REFUSED' && $_[3] > 0.2;
});

is_deeply($r, { '192.0.2.1' => 20, REFUSED => 30 }, 'bound');
is($slow, 0, 'refused at once');
is($u->count(), 20, 'not forwarded');

my $n = () = $t->read_file('dns.log')
             =~ /^REFUSED "too many queries in flight" 503$/mg;
is($n, 30, 'logged');

is_deeply(dns_bulk($port, 20, window => 20), { '192.0.2.1' => 20 },
          'room again');

# clients that join a question in flight wait as well

is_deeply(dns_bulk($port, 30, window => 30, name => 'one.test'),
          { '192.0.2.1' => 20, REFUSED => 10 }, 'joined ones count');
