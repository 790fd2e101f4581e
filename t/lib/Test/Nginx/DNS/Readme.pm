package Test::Nginx::DNS::Readme;

# What a README tells the reader to do.
#
#   my @steps = steps($text, 'Install');
#
# are the steps of a section, without the sections below it, in order:
#
#   { command => 'make run', output => "...\n" }
#                    "$ make run" in a block, and the lines after it
#   { file => '/etc/nginx/dns.conf', content => '...' }
#                    a block after "Write `/etc/nginx/dns.conf`"
#   { shown => $file, content => '...' }
#                    any other block of configuration; $file is the last name
#                    of a .conf before it, if there is one
#   { clone => 1 }   "in a clone of this repository"

use warnings;
use strict;

use Exporter qw/ import /;

our @EXPORT = qw/ steps says /;


sub steps {
    my ($text, $title) = @_;

    my ($section) = $text =~ /^#+ \Q$title\E\n(.*?)(?=^#+ |\z)/ms
        or die "there is no section \"$title\"\n";

    my @steps;

    # every second part is a block

    my @parts = split /^```(.*?\n.*?)^```\n/ms, $section;

    for my $i (0 .. $#parts) {
        if ($i % 2 == 0) {
            push @steps, { clone => 1 }
                if $parts[$i] =~ /\bin\s+a\s+clone\s+of\s+this\s+repository\b/i;
            next;
        }

        my ($language, $block) = $parts[$i] =~ /^(\S*)\n(.*)/s;

        push @steps, $language eq '' ? commands($block)
                                     : configuration($parts[$i - 1], $block);
    }

    return @steps;
}


sub commands {
    my ($block) = @_;

    my @steps;

    for my $line (split /^/, $block) {
        if ($line =~ /^\$ (.*)\n/) {
            push @steps, { command => $1, output => '' };

        } elsif (@steps) {
            $steps[-1]{output} .= $line;

        } else {
            die "a block begins with what is no command: $line";
        }
    }

    return @steps;
}


sub configuration {
    my ($before, $block) = @_;

    my ($name) = $before =~ /.*`(\/\S+\.conf)`/s;

    return { ($before =~ /.*\bWrite `\/\S+\.conf`/s ? 'file' : 'shown')
             => $name, content => $block };
}


# Is it as the README says?  A line "..." stands for any lines.

sub says {
    my ($expected, $said) = @_;

    my $pattern = join '', map { $_ eq "...\n" ? '.*?' : quotemeta }
                  split /^/, $expected;

    return $said =~ /^$pattern/ms;
}


1;
