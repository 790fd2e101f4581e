#!/usr/bin/perl

# A server that answers, but much later than the other one: clients do not wait
# for it, nobody has failed, and it is used again when it is as fast as before.

use warnings;
use strict;

use Test::More;
use Time::HiRes qw/ sleep time /;

use FindBin;
use lib "$FindBin::Bin/lib";
use Test::Nginx::DNS;
use Test::Nginx::DNS::Status;

my $t = Test::Nginx::DNS->new()->has(qw/ http /);

$t->write_stream(<<'EOF_CONF', pages => 'status');
dns_upstream two {
    health_check  off;
    server  127.0.0.1:%%PORT_8081%%;
    server  127.0.0.1:%%PORT_8082%%;
}

server {
    listen                127.0.0.1:%%PORT_8053%% udp;
    dns_upstream_timeout  4s;
    dns_forward           . two;
}
EOF_CONF

my $slow = $t->upstream(8081, sub {
    return { a => '192.0.2.1', delay => $_[1]{delay} // 1.5 };
});

$t->upstream(8082, sub { { a => '192.0.2.2' } });

$t->run();

my $port = $t->port(8053);

sub slowest {
    my ($name, $n) = @_;
    my $max = 0;

    my $r = dns_bulk($port, $n, name => sub { "$name$_[0].test" }, window => 4,
                     each => sub { $max = $_[3] if $_[3] > $max });

    return ($max, $r);
}

my ($max, $r) = slowest('a', 100);

is($r->{'192.0.2.2'}, 100, 'all answers are those of the fast one');
cmp_ok($max, '<', 1.4, 'nobody waits for the slow one');

# what is fast is known a second later

sleep 1.1;
slowest('warm', 50);

my $before = $slow->count();

my $end = time() + 5;
my $asked = 0;

while (time() < $end) {
    ($max) = slowest('b' . ++$asked . '-', 10);
    last if $max > 0.8;
    sleep 0.02;
}

cmp_ok($max, '<', 0.8, 'and its time is known from that of the fast one');
cmp_ok($slow->count() - $before, '<=', $asked, 'it is tried now and then');

my ($a, $b) = @{ status($t->port(8080))->{upstreams}[0]{servers} };

cmp_ok($a->{hedges}, '>=', 3, 'others were asked beside it');
is($a->{timeouts} + $a->{errors} + $a->{fails}, 0, 'no failure of it');
ok($a->{up}, 'it is up');
cmp_ok($b->{hedges}, '<', (150 + 10 * $asked) / 2, 'the fast one is waited for');

$slow->set(delay => 0);

ok($t->wait_for(sub {
    my $n = $slow->count();
    dns_bulk($port, 20, name => sub { "c$n-$_[0].test" });
    return $slow->count() - $n >= 8;
}, 15), 'its share is as before');

unlike($t->read_file('error.log'), qr/left out/, 'and nothing was said');

$t->plan();
