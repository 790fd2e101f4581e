#!/usr/bin/perl

# Tests for dns_client_subnet: questions in flight are joined for one network
# only.

use warnings;
use strict;

use Test::More;

use POSIX ();

use FindBin;
use lib "$FindBin::Bin/lib";
use Test::Nginx::DNS;

my $t = Test::Nginx::DNS->new()->plan(3);

$t->write_stream(<<'EOF_CONF');
server {
    listen             127.0.0.1:%%PORT_8053%% udp;
    dns_forward        . 127.0.0.1:%%PORT_8081%%;
    dns_client_subnet  forward;
}
EOF_CONF

my $u = $t->upstream(8081, sub {
    my ($query) = @_;
    my ($ecs) = grep { $_->[0] == 8 } @{$query->{edns}{options} // []};

    return { a => $ecs && length $ecs->[1] > 4
                  ? join('.', unpack 'x4C3', $ecs->[1]) . '.1'
                  : '192.0.2.1',
             delay => 0.4 };
});

$t->run();

my $port = $t->port(8053);

# two clients of each network, one that is not told of, one without

my @pids;

for my $net ((map { "10.0.$_" } 1 .. 20) x 2, '', undef) {
    my $pid = fork() // die;

    if ($pid == 0) {
        my @bytes = split /\./, $net // '';
        my @options = defined $net
            ? [ 8, pack 'nCCC*', 1, 8 * @bytes, 0, @bytes ] : ();

        my $r = dns_query($port, 'a.test', 'A',
                          edns => { size => 1232, options => \@options });

        my $data = $r && $r->{answers}[0] ? $r->{answers}[0]{data} : '';

        POSIX::_exit($net ? $data ne "$net.1" : $data eq '');
    }

    push @pids, $pid;
}

my $bad = 0;

for (@pids) {
    waitpid $_, 0;
    $bad += $? != 0;
}

is($bad, 0, 'each got the answer for its network');
is(questions(), 22, 'one question for each');

dns_query($port, 'a.test', 'A', edns => 1232);
is(questions(), 23, 'none is left in flight');


# what is sent again on a busy machine is the same one

sub questions {
    my %seen = map { ("$_->{port} $_->{id}" => 1) } $u->queries();

    return scalar keys %seen;
}
