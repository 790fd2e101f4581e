#!/usr/bin/perl

# Tests for dns_hosts: a file that is changed counts within five seconds in all
# workers, and no query is lost meanwhile.

use warnings;
use strict;

use Test::More;

use FindBin;
use lib "$FindBin::Bin/lib";
use Test::Nginx::DNS;

my $t = Test::Nginx::DNS->new()->plan(9);

$t->write_stream(<<'EOF_CONF', workers => 2);
server {
    listen      127.0.0.1:%%PORT_8053%% udp reuseport;
    dns_hosts   %%TESTDIR%%/hosts;
}
EOF_CONF

my @others = map { "10.0.0.1 q$_.example.com\n" } 0 .. 29999;

$t->write_file('hosts', join '', "192.0.2.1 a.test\n", @others);
$t->run();

my $port = $t->port(8053);

is_deeply(ask(), { '192.0.2.1' => 100 }, 'as started');

# under load: each name is there all the time

$t->write_file('hosts', join '', "192.0.2.2 a.test\n", @others);

my $end = time() + 6;
my %seen;

while (time() < $end) {
    my $r = dns_bulk($port, 10000, window => 150, sockets => 16,
                     name => sub { "q$_[0].example.com" });
    $seen{$_} += $r->{$_} for keys %$r;
}

is_deeply([ keys %seen ], [ '10.0.0.1' ], 'nothing lost');
is_deeply(ask(), { '192.0.2.2' => 100 }, 'changed in place');

# as editors do it

$t->write_file('hosts.new', "192.0.2.3 a.test\n192.0.2.9 new.test\n");
rename $t->testdir() . '/hosts.new', $t->testdir() . '/hosts';

ok($t->wait_for(sub { (ask()->{'192.0.2.3'} // 0) == 100 }, 6), 'renamed');
is_deeply(dns_bulk($port, 50, name => 'q1.example.com'), { NXDOMAIN => 50 },
          'gone');

like($t->error_log(), qr/dns_hosts: 2 names from ".*hosts"/, 'logged');

# the worker that keeps the table dies

kill 'KILL', ($t->workers())[0];
$t->wait_for(sub { $t->workers() == 2 });
$t->write_file('hosts', "192.0.2.4 a.test\n");

ok($t->wait_for(sub { (ask()->{'192.0.2.4'} // 0) == 100 }, 6),
   'after a kill');

# a reload reads it at once

$t->write_file('hosts', "192.0.2.5 a.test\n" . join '', @others, @others);
ok($t->reload(), 'reload');
is_deeply(ask(), { '192.0.2.5' => 100 }, 'after a reload');

$t->allow(qr/exited on signal 9/);

###############################################################################

sub ask {
    return dns_bulk($port, 100, name => 'a.test', sockets => 16, timeout => 1);
}

###############################################################################
