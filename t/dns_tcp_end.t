#!/usr/bin/perl

# Tests for connections that end while they are stopped: a transfer that breaks
# off, with more queries behind it than are read.

use warnings;
use strict;

use Test::More;

use FindBin;
use lib "$FindBin::Bin/lib";
use Test::Nginx::DNS;
use Test::Nginx::DNS::Stream;

use Time::HiRes qw/ sleep /;

my $t = Test::Nginx::DNS->new()->plan(5);

$t->write_stream(<<'EOF_CONF');
dns_upstream u {
    server        127.0.0.1:%%PORT_8081%% max_fails=0;
    health_check  off;
}

server {
    listen              127.0.0.1:%%PORT_8053%% udp;
    listen              127.0.0.1:%%PORT_8053%%;
    dns_forward         . u;
    dns_pipeline        16;
    dns_client_timeout  2s;
}
EOF_CONF

sub soa { [ 'z.test', 'SOA', 60, 'ns.test hm.test 1 3600 600 86400 300' ] }

$t->upstream(8081, sub {
    my ($query) = @_;

    return { a => '192.0.2.1', delay => 0.5 } if $query->{qtype} ne 'AXFR';

    # one message, then the end

    return { answers => [ soa() ], delay => 0.2, close => 'after' };
}, tcp => 1);

$t->allow(qr/zone transfer .* broke off/);
$t->run();

my $port = $t->port(8053);
my $s = dns_connect($port);

$s->send([ 'z.test', 'AXFR' ], map { [ "a$_.test", 'A' ] } 1 .. 200);

ok($s->closed(5), 'the connection ends');
is(dns_query($port, 'b.test', 'A')->{rcode}, 'NOERROR', 'UDP is answered');

# what a process used of the CPU, in hundredths of a second

sub ticks {
    my ($pid) = $t->workers();

    open my $file, '<', "/proc/$pid/stat" or return 0;
    my @f = split ' ', <$file> =~ s/.*\) //r;

    return $f[11] + $f[12];
}

my $before = ticks();
sleep 1;
cmp_ok(ticks() - $before, '<', 30, 'the worker sleeps');

is(dns_query($port, 'c.test', 'A')->{rcode}, 'NOERROR', 'UDP is answered');

my ($worker) = $t->workers();
$t->signal('QUIT');
ok($t->wait_for(sub { $t->gone($worker) }, 5), 'and it ends');
