#!/usr/bin/perl

# Tests for dns_hosts: a line that is too long is skipped as a whole, wherever
# it ends, and those after it count.

use warnings;
use strict;

use Test::More;

use FindBin;
use lib "$FindBin::Bin/lib";
use Test::Nginx::DNS;

my $t = Test::Nginx::DNS->new()->plan(7);

# one that is longer than what is read at once, one that is a little too long,
# and one that just fits

my $name = 'x' x 50 . '.test';

$t->write_file('hosts', join "\n", '192.0.2.1 first.test',
    '192.0.2.2 long.test ' . "$name " x 6000, '192.0.2.3 second.test',
    '192.0.2.4 longer.test ' . '#' x 8192, '192.0.2.5 third.test',
    '192.0.2.6 fits.test #' . '#' x (8192 - 21), '192.0.2.7 last.test');

$t->write_stream(<<'EOF_CONF');
server {
    listen     127.0.0.1:%%PORT_8053%% udp;
    dns_hosts  %%TESTDIR%%/hosts;
}
EOF_CONF

$t->run();

sub asked {
    my $r = dns_query($t->port(8053), $_[0], 'A');

    return ($r->{answers}[0] // {})->{data} // $r->{rcode};
}

$t->wait_for(sub { asked('last.test') eq '192.0.2.7' });

is(asked('first.test'), '192.0.2.1', 'before');
is(asked('long.test') . asked($name), 'NXDOMAIN' x 2, 'nothing of it');
is(asked('second.test'), '192.0.2.3', 'after');
is(asked('longer.test'), 'NXDOMAIN', 'a comment counts, too');
is(asked('third.test'), '192.0.2.5', 'after that');
is(asked('fits.test'), '192.0.2.6', 'one that fits');

my @said = $t->error_log() =~ /line is longer than 8192 octets/g;

is(scalar @said, 2, 'said of each');
