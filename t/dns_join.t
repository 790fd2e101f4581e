#!/usr/bin/perl

# Tests for equal questions in flight: one is sent, all are answered.

use warnings;
use strict;

use Test::More;

use FindBin;
use lib "$FindBin::Bin/lib";
use Test::Nginx::DNS;

my $t = Test::Nginx::DNS->new()->plan(8);

$t->write_stream(<<'EOF_CONF');
server {
    listen       127.0.0.1:%%PORT_8053%% udp rcvbuf=2m;
    dns_forward  . 127.0.0.1:%%PORT_8081%%;
}
EOF_CONF

my $u = $t->upstream(8081, sub {
    my ($query) = @_;
    return { a => $query->{cd} ? '192.0.2.2' : '192.0.2.1', delay => 0.3 };
});

$t->run();

my $port = $t->port(8053);
my @names = qw/ one.test One.TEST oNe.teSt /;

my %case;
is_deeply(dns_bulk($port, 150, window => 150, name => sub { $names[$_[0] % 3] },
    each => sub {
        my ($i, $what, $bytes) = @_;
        $case{substr($bytes, 12, 10) eq join '', map { chr(length) . $_ }
              split(/\./, $names[$i % 3]), '' }++;
    }), { '192.0.2.1' => 150 }, 'all answered');

is_deeply(\%case, { 1 => 150 }, 'each in its own letter case');
is($u->count(), 1, 'asked once');

# what must not be joined

$u->reset();

my @pids;

for my $o ([], [ cd => 1 ], [ edns => 1232 ], [ do => 1 ], [ rd => 0 ]) {
    my $pid = fork() // die;

    if ($pid == 0) {
        my $r = dns_query($port, 'two.test', 'A', @$o);
        my $good = $r && $r->{answers}[0]{data}
                         eq (@$o && $o->[0] eq 'cd' ? '192.0.2.2'
                                                    : '192.0.2.1');
        POSIX::_exit($good ? 0 : 1);
    }

    push @pids, $pid;
}

my $bad = 0;
for (@pids) {
    waitpid $_, 0;
    $bad += $? != 0;
}

is($bad, 0, 'all answered rightly');
is($u->count('two.test'), 5, 'CD, EDNS, DO and RD are questions of their own');

$u->reset();
is_deeply(dns_bulk($port, 2, window => 2, name => sub { "n$_[0].test" }),
          { '192.0.2.1' => 2 }, 'other names');
is($u->count(), 2, 'each asked');

dns_query($port, 'one.test', 'A');
is($u->count('one.test'), 1, 'asked again when nothing is in flight');
