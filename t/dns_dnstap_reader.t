#!/usr/bin/perl

# Tests for dns_dnstap and its reader: none, one that has stopped, one that
# comes back, one that is for something else; reload, a worker that is killed,
# and quitting.  No query is late or lost for any of them.

use warnings;
use strict;

use Test::More;

use FindBin;
use lib "$FindBin::Bin/lib";
use IO::Socket::UNIX;
use Test::Nginx::DNS;
use Test::Nginx::DNS::Status;
use Test::Nginx::DNS::Tap;
use Time::HiRes qw/ time /;

my $t = Test::Nginx::DNS->new()->has(qw/ http /);

Test::Nginx::DNS::Tap->need($t);

$t->plan(21);
$t->allow(qr/worker process \d+ exited on signal 9/);

$t->write_stream(<<'EOF_CONF', pages => 'metrics');
server {
    listen      127.0.0.1:%%PORT_8053%% udp;
    dns_dnstap  unix:%%TESTDIR%%/tap.sock identity=x version=y;

    dns_zone long.test {
        dns_return  nxdomain;
    }

    dns_forward  . 127.0.0.1:%%PORT_8081%%;
}
EOF_CONF

$t->upstream(8081, sub { { a => '192.0.2.7' } });
$t->run();

my $path = $t->testdir() . '/tap.sock';
my ($udp, $http) = ($t->port(8053), $t->port(8080));

# no reader: what is said waits for one

ok($t->wait_for(sub { $t->error_log() =~ /"dns_dnstap" "unix:.*connect\(\)/ }),
   'no reader');

is(bulk(20), 20, 'queries without a reader');
is(value('frames'), 0, 'nothing is written');

my $tap = Test::Nginx::DNS::Tap->new($t, 'tap', unix => $path);

ok($t->wait_for(sub { value('frames') == 80 }), 'written when there is one');
ok($t->error_log() =~ /has a reader again/, 'and said');

# one that is stopped: 4 MB and what sockets hold are kept, the rest is dropped

$tap->signal('STOP');

my $began = time();
my $sent = 0;

while (value('dropped') == 0 && time() - $began < 60) {
    $sent += bulk(2000, name => sub { $_[0] . '.' . ('x' x 60 . '.') x 3
                                      . 'long.test' });
}

cmp_ok(value('dropped'), '>', 0, 'a reader that is stopped: dropped');
is($sent % 2000, 0, 'no query is lost');
is(value('frames') + value('dropped') + waits(), 80 + 2 * $sent, 'all counted');

my $slow = 0;

is(bulk(500, each => sub { $slow = $_[3] if $_[3] > $slow }), 500,
   'queries then');
cmp_ok($slow, '<', 1, 'none is late');

# it goes on

my $dropped = value('dropped');

$tap->signal('CONT');

ok($t->wait_for(sub { waits(1) == 0 }, 15), 'it reads what was kept');
cmp_ok(value('dropped'), '==', $dropped, 'and no more is dropped');

my @all = $tap->stop();

is(scalar @all, value('frames'), 'all that was written is there');
ok(!(grep { $_->{identity} ne 'x' || $_->{version} ne 'y' } @all), 'and whole');

# another one

ok($t->wait_for(sub { $t->error_log()
                      =~ /"dns_dnstap" .*the reader has closed/ }),
   'gone');

unlink $path;
$tap->start();

ok($t->wait_for(sub { $tap->said() =~ /START/ }), 'it is back');

# a reload, and a worker that is killed, each with a query in flight

ok($t->reload(), 'reload');
dns_query($udp, 'reloaded.test', 'A');

my ($worker) = $t->workers();

kill 'KILL', $worker;
$t->wait_for(sub { my ($new) = $t->workers(); $new && $new != $worker });
ok($t->wait_for(sub { dns_query($udp, 'killed.test', 'A', timeout => 1) }),
   'a worker is killed');

$t->wait_for(sub { 3 == (() = $tap->said() =~ /START/g) });
$t->wait_for(sub { waits(1) == 0 });

my @names = map { $_->{name} } $tap->stop();

is_deeply([ grep { /^(?:reloaded|killed)/ } @names ],
          [ ('reloaded.test') x 4, ('killed.test') x 4 ], 'both are there');

# one that is not for dnstap

unlink $path;

my $strange = IO::Socket::UNIX->new(Local => $path, Listen => 5);
my $c = $strange->accept();

sysread $c, my $ready, 1000;
syswrite $c, pack('N*', 0, 12, 1, 1, 0);

ok($t->wait_for(sub { $t->error_log()
                      =~ /the reader does not take protobuf:dnstap.Dnstap/ }),
   'another type');

# quitting with one that does not read

$c = $strange->accept();
bulk(100);
$began = time();
$t->stop();
cmp_ok(time() - $began, '<', 5, 'quits at once');


sub bulk {
    my ($n, %o) = @_;

    my $r = dns_bulk($udp, $n, timeout => 5, %o);
    my $answers = 0;

    $answers += $r->{$_} for grep { !/TIMEOUT|GARBAGE|BADQ/ } keys %$r;

    return $answers;
}


sub value {
    return total(metrics($http), "nginx_dns_dnstap_$_[0]_total");
}


# what is neither written nor dropped, of what was said so far

sub waits {
    my ($forward) = @_;

    my $m = metrics($http);
    my $said = total($m, 'nginx_dns_queries_total')
               + total($m, 'nginx_dns_responses_total')
               + 2 * total($m, 'nginx_dns_upstream_queries_total');

    return $said - total($m, 'nginx_dns_dnstap_frames_total')
           - total($m, 'nginx_dns_dnstap_dropped_total');
}
